/// How long to wait before trying again: growing, capped, jittered.
public struct Backoff: Hashable, Sendable {
  public var initial: Duration
  public var multiplier: Double
  public var maximum: Duration
  /// Share of the delay that is random, 0...1: 0.2 gives 80 % to 120 %, so that clients that failed together part.
  public var jitter: Double

  public init(initial: Duration, multiplier: Double = 2, maximum: Duration, jitter: Double = 0.2) {
    precondition(initial >= .zero && maximum >= initial, "a backoff grows from a delay that is not negative")
    precondition(multiplier >= 1 && multiplier.isFinite && (0...1).contains(jitter), "the jitter is a share")
    self.initial = initial
    self.multiplier = multiplier
    self.maximum = maximum
    self.jitter = jitter
  }

  /// The delay before attempt `attempt + 1`, where the first try is attempt 1. Never above `maximum × (1 + jitter)`.
  public func delay(attempt: Int) -> Duration {
    var generator = SystemRandomNumberGenerator()
    return delay(attempt: attempt, using: &generator)
  }

  /// The same, with chance from `generator`.
  public func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
    var seconds = initial.inSeconds
    let limit = maximum.inSeconds
    var step = 1
    while step < attempt, seconds > 0, seconds < limit, multiplier > 1 {
      seconds *= multiplier
      step += 1
    }
    let factor = jitter > 0 ? Double.random(in: (1 - jitter)...(1 + jitter), using: &generator) : 1
    return .microseconds(Int64(clamping: min(seconds, limit) * factor * 1_000_000))
  }
}
