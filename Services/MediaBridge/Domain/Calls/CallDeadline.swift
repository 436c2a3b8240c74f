import Core

/// By when a call must have moved on; past it the provider is asked. Every state of a live call has a deadline.
struct CallDeadline: Hashable, Sendable {
  /// How long the phone may ring.
  static let ringTime = Duration.seconds(45)
  /// How much later than the bridge itself the provider ends a conversation that is too long.
  static let providerGrace = Duration.seconds(15)

  /// Reports may be late by this much before anybody worries: a minute, and with a fast business clock no less than
  /// ten real seconds, because networks and processors do not run faster with it.
  let slack: Duration
  /// What a call in doubt is given: requests to the provider and looks at its list take real time, however fast the clock.
  private let doubt: Duration

  /// - Parameter realSecond: How long a business second lasts on the wall clock.
  init(realSecond: Duration) {
    slack = max(.seconds(60), .seconds(10 / max(realSecond.inSeconds, 0.000_1)))
    doubt = max(slack, .seconds(60 / max(realSecond.inSeconds, 0.000_1)))
  }

  /// For a call that waits to be asked of the provider, or has been and did not answer.
  func unplaced(expiresAt: Instant) -> Instant {
    expiresAt + Self.ringTime + doubt
  }

  /// For a call that the provider has.
  func placed(at now: Instant) -> Instant {
    now + Self.ringTime + slack
  }

  func answered(at: Instant, maxDuration: Duration) -> Instant {
    at + maxDuration + Self.providerGrace + slack
  }

  /// After the provider was asked, told to end a call, or could not be reached.
  func next(after now: Instant) -> Instant {
    now + slack
  }

  /// Whether a call that lives should be over. One that waits in the provider's queue may wait while its permit lives.
  static func isOverdue(at now: Instant, answeredAt: Instant?, maxDuration: Duration, expiresAt: Instant) -> Bool {
    if let answeredAt { return now >= answeredAt + maxDuration + providerGrace }
    return now >= expiresAt + ringTime
  }
}
