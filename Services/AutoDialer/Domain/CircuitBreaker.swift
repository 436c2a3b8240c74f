import Core

/// Stops using what fails again and again, and tries it with one call at a time before trusting it again. Pure.
struct CircuitBreaker: Hashable, Sendable {
  struct Terms: Hashable, Sendable {
    /// Failures in a row that open it.
    var threshold: Int
    /// How long it stays open the first time; doubled each time until something succeeds.
    var pause: Duration
    var longestPause: Duration

    /// A provider: whoever else it carries, these calls do not come through.
    static let provider = Terms(threshold: 5, pause: .seconds(30), longestPause: .minutes(10))
    static let callerID = Terms(threshold: 5, pause: .minutes(5), longestPause: .minutes(60))
  }

  enum Gate: Hashable, Sendable {
    case closed
    case open(until: Instant)
    /// The pause is over: one call at a time finds out.
    case probing
  }

  /// In a row.
  private(set) var failures: Int
  /// Since the last success.
  private(set) var openings: Int
  /// Nil while it is closed.
  private(set) var openUntil: Instant?

  init(failures: Int = 0, openings: Int = 0, openUntil: Instant? = nil) {
    (self.failures, self.openings, self.openUntil) = (failures, openings, openUntil)
  }

  func gate(at now: Instant) -> Gate {
    guard let openUntil else { return .closed }
    return now < openUntil ? .open(until: openUntil) : .probing
  }

  mutating func succeeded() { self = CircuitBreaker() }

  /// - Returns: True when this failure opens it.
  @discardableResult
  mutating func failed(at now: Instant, terms: Terms) -> Bool {
    switch gate(at: now) {
    case .open: return false  // News of a call from before it opened.
    case .closed:
      failures += 1
      guard failures >= terms.threshold else { return false }
    case .probing:
      failures += 1
    }
    openUntil = now + min(terms.longestPause, terms.pause * (1 << min(openings, 20)))
    openings += 1
    return true
  }
}

/// Whose fault it is that a call failed, by the bridge's and the provider's words (media.proto, `CallFact.failure`).
enum CallFault: Hashable, Sendable {
  /// Nobody's here: the number called is wrong, busy, or does not answer.
  case none
  case provider
  case callerID

  /// - Parameter failure: Empty when the call did not fail.
  init(failure: String) {
    self =
      switch failure {
      case "", "cancelled", "permit_expired": .none
      case "not_placed", "no_terminal_event", "unreachable": .provider
      // Twilio: authentication, suspended account, no such resource, concurrency, internal.
      case "20003", "20005", "20006", "20008", "10001", "10002", "20500", "31205": .provider
      // Twilio: the number shown is not ours, not valid or not allowed to call there.
      case "21210", "21212", "21213", "21606", "21265": .callerID
      default: failure.count == 3 && failure.hasPrefix("5") ? .provider : .none
      }
  }
}
