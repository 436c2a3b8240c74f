import Core
import Telephony

@testable import MediaBridge

/// How a call goes when nobody interferes: who answers, when, and what comes of it. Follows from the call alone, so that
/// the truth about a person does not depend on what goes wrong elsewhere.
struct Course: Sendable {
  enum Answer: Sendable {
    case nobody
    case busy
    case broken(sipCode: Int)
    case machine
    case human
  }

  enum Word: Sendable, CaseIterable {
    case qualified, unqualified, declined, optedOut, wrongPerson, callback, silent
  }

  var answer: Answer
  /// From the request to the answer, or to the end without one.
  var ring: Duration
  var talk: Duration
  /// What a person says.
  var word: Word
  /// Whether the conversation has a stream that the bridge holds.
  var hasStream: Bool

  init(of call: CallID, longest: Duration) {
    var chance = SeededGenerator(seed: call.value.low ^ call.value.high)
    let roll = Int.random(in: 0..<100, using: &chance)
    var ring = Double.random(in: 3...20, using: &chance)
    var talk = Double.random(in: 3...110, using: &chance)
    switch roll {
    case ..<30:
      answer = .nobody
      ring = Double.random(in: 18...42, using: &chance)
    case ..<42:
      answer = .busy
      ring = Double.random(in: 1...4, using: &chance)
    case ..<48:
      answer = .broken(sipCode: [404, 480, 500, 503].randomElement(using: &chance) ?? 500)
      ring = Double.random(in: 1...6, using: &chance)
    case ..<65:
      answer = .machine
      talk = Double.random(in: 5...25, using: &chance)
    default: answer = .human
    }
    self.ring = .microseconds(Int64(ring * 1_000_000))
    self.talk = min(.microseconds(Int64(talk * 1_000_000)), longest)
    let words: [Word] = [
      .qualified, .qualified, .unqualified, .unqualified, .unqualified, .declined, .declined, .optedOut, .optedOut,
      .wrongPerson, .callback, .silent,
    ]
    word = words.randomElement(using: &chance) ?? .silent
    hasStream = Int.random(in: 0..<100, using: &chance) < 30
  }
}

/// A call as the carrier has it.
struct CarrierCall: Sendable {
  var id: ProviderCallID
  var order: CallOrder
  var course: Course
  var createdAt: Instant
  /// From when on it is found in lists.
  var listedAt: Instant
  var status: ProviderStatus = .queued
  var answeredAt: Instant?
  var endedAt: Instant?
  var sipCode: Int?
  var answeredBy: AnsweredBy?
  var webhooks = 0
  /// The process that holds its stream.
  var streamHost: String?

  var isLive: Bool { endedAt == nil }

  var report: ProviderReport {
    var report = ProviderReport(id: id, status: status, at: endedAt ?? answeredAt, sipCode: sipCode)
    if let answeredAt, let endedAt { report.duration = answeredAt.duration(to: endedAt).rounded }
    report.answeredBy = answeredBy
    return report
  }
}

extension Duration {
  /// In whole seconds, up, as carriers count.
  var rounded: Duration { .seconds((microseconds + 999_999) / 1_000_000) }
}
