import Core
import Telephony

/// Status of a call in the provider's words.
enum ProviderStatus: String, Hashable, Sendable, CaseIterable {
  case queued
  case initiated
  case ringing
  case inProgress = "in-progress"
  case completed
  case busy
  case failed
  case noAnswer = "no-answer"
  case canceled

  var isTerminal: Bool {
    switch self {
    case .queued, .initiated, .ringing, .inProgress: false
    case .completed, .busy, .failed, .noAnswer, .canceled: true
    }
  }

  /// The state that this status means for a call.
  ///
  /// - Parameters:
  ///   - wasAnswered: An answered call cannot have been busy or unanswered, whatever is said afterwards.
  ///   - answeredBy: A machine's answer makes a completed call a voicemail.
  func state(wasAnswered: Bool, answeredBy: AnsweredBy?) -> CallState {
    switch self {
    case .queued, .initiated: .initiated
    case .ringing: .ringing
    case .inProgress: .inProgress
    case .completed: answeredBy?.isMachine == true ? .voicemail : .completed
    case .busy: wasAnswered ? .completed : .busy
    case .noAnswer: wasAnswered ? .completed : .noAnswer
    case .failed: .failed
    case .canceled: wasAnswered ? .completed : .cancelled
    }
  }
}

/// What the provider says about a call, by callback or when asked.
struct ProviderReport: Hashable, Sendable {
  var id: ProviderCallID
  var status: ProviderStatus
  /// When, by the provider's clock.
  var at: Instant? = nil
  var sipCode: Int? = nil
  /// Talk time, on a terminal status.
  var duration: Duration? = nil
  var answeredBy: AnsweredBy? = nil
}

/// A call as the provider lists it.
struct ListedCall: Hashable, Sendable {
  var report: ProviderReport
  var to: String
  var from: String
  var createdAt: Instant?
}
