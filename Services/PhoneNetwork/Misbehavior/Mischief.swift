import Core
import HTTP
import Synchronization

/// Makes the network misbehave. What goes wrong follows from the seed, from whom it is about, and from how often
/// something of the kind was about them before: never from what happens to others meanwhile.
final class Mischief: Sendable {
  private struct State {
    var asked: [String: Int] = [:]
    var done: [Misbehavior.Kind: Int] = [:]
  }

  private let seed: UInt64
  private let misbehavior: Misbehavior
  private let state = Mutex(State())

  init(seed: UInt64, _ misbehavior: Misbehavior) {
    self.seed = seed
    self.misbehavior = misbehavior
  }

  /// What goes wrong now, if anything.
  ///
  /// - Parameter subject: The number called, or what else tells the same thing in every run.
  func next(_ occasion: Misbehavior.Occasion, about subject: String) -> Mishap? {
    guard !misbehavior.isNone else { return nil }
    return state.withLock { state in
      let key = "\(occasion) \(subject)"
      let time = state.asked[key, default: 0] + 1
      state.asked[key] = time
      let choice = Choice(seed: seed, number: key, attempt: time)
      guard let kind = misbehavior.fault(on: occasion, choice) else { return nil }
      state.done[kind, default: 0] += 1
      return Mishap(kind: kind, choice: choice)
    }
  }

  /// How often each kind happened.
  var counts: [Misbehavior.Kind: Int] { state.withLock { $0.done } }
}

/// One thing that goes wrong.
struct Mishap: Hashable, Sendable {
  let kind: Misbehavior.Kind
  let choice: Choice

  /// How late an answer is, by the wall clock: networks do not run faster with a scaled clock. Clients wait ten seconds
  /// as a rule.
  var lateness: Duration { .milliseconds(choice.integer("lateness", in: 1_000...14_000)) }
  /// How late a callback is, in business time.
  var delay: Duration { .seconds(choice.integer("delay", in: 5...300)) }
  /// After how many frames of audio a stream breaks.
  var frames: Int { choice.integer("frames", in: 50...2_000) }
  /// After how many of the client's messages, one a frame of audio, a session is closed.
  var messages: Int { choice.integer("messages", in: 20...2_000) }

  private var isLateBefore: Bool { choice.isTrue("late before", share: 0.5) }

  // MARK: Requests

  /// Happens before a request is carried out.
  ///
  /// - Returns: What is answered instead of carrying it out.
  func before() async -> HTTPResponse? {
    switch kind {
    case .throttled: return TwilioError.tooManyRequests.response
    case .errorBefore: return serverError
    case .closedBefore: return Self.brokenOff
    case .slow where isLateBefore:
      try? await Task.sleep(for: lateness)
      return nil
    default: return nil
    }
  }

  /// Happens after it was carried out.
  ///
  /// - Returns: What is answered.
  func after(_ response: HTTPResponse) async -> HTTPResponse {
    switch kind {
    case .errorAfter: return serverError
    case .closedAfter: return Self.brokenOff
    case .slow where !isLateBefore:
      try? await Task.sleep(for: lateness)
      return response
    default: return response
    }
  }

  private var serverError: HTTPResponse {
    choice.isTrue("unavailable", share: 0.5)
      ? TwilioError(code: 20503, status: 503, message: "Service unavailable").response
      : TwilioError(code: 20500, status: 500, message: "Internal server error").response
  }

  /// The connection ends before the answer does.
  private static let brokenOff = HTTPResponse.stream(
    contentType: "application/json", length: 1, status: .internalServerError
  ) { _ in throw CancellationError() }
}
