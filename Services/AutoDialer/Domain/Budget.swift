import Core

/// What a campaign may spend, in micro-dollars. What a call is expected to cost is reserved before it is placed and
/// settled by what it did cost, so that what is exceeded is at most the difference of the two for calls in flight. Pure.
struct Budget: Hashable, Sendable {
  /// Nil: no limit.
  var limit: Int64?
  /// By settled calls.
  var spent: Int64
  /// For calls that are not settled.
  var reserved: Int64
  /// For one more call.
  var expected: Int64

  /// Calls that may still be placed; nil: no limit.
  var calls: Int? {
    guard let limit else { return nil }
    guard expected > 0 else { return spent + reserved < limit ? nil : 0 }
    return Int(clamping: max(0, limit - spent - reserved) / expected)
  }

  /// Not one call more fits, whatever the calls in flight turn out to cost.
  var isExhausted: Bool {
    guard let limit else { return false }
    return spent + expected > limit || spent >= limit
  }

  mutating func reserve(_ calls: Int) { reserved += expected * Int64(calls) }

  /// - Parameter reservation: What was reserved for the call.
  mutating func settle(reservation: Int64, cost: Int64) {
    reserved = max(0, reserved - reservation)
    spent += cost
  }
}

/// What a minute of a call costs, everything counted: network, voice engine, speech.
struct CallRateCard: Hashable, Sendable {
  var microsPerMinute: Int64

  /// voice-distribution, "Costs": $0.09 for a call of one minute.
  static let standard = CallRateCard(microsPerMinute: 90_000)

  /// What a call of this length costs at most: begun minutes count whole.
  func cost(of longest: Duration) -> Int64 {
    let minutes = (longest.microseconds + 59_999_999) / 60_000_000
    return microsPerMinute * minutes
  }
}
