import Core

/// When a message that was not acknowledged is sent again, and when the receiver is given up. Pure.
enum WebhookSchedule {
  enum Verdict: Hashable, Sendable {
    case again(at: Instant)
    /// Nothing more is sent until somebody asks for a replay.
    case suspend
  }

  /// How long a receiver may fail.
  static let patience = Duration.days(3)
  /// 5 s, 15 s, 45 s, … and every two hours in the end.
  private static let backoff = Backoff(initial: .seconds(5), multiplier: 3, maximum: .hours(2))

  /// - Parameters:
  ///   - attempts: At this message, all failed.
  ///   - failingSince: When the first of them failed.
  static func verdict(
    attempts: Int, failingSince: Instant, now: Instant, using generator: inout some RandomNumberGenerator
  ) -> Verdict {
    if failingSince.duration(to: now) >= patience { return .suspend }
    return .again(at: now + backoff.delay(attempt: attempts, using: &generator))
  }
}
