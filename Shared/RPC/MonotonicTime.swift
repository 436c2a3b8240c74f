import Glibc

/// Real time for time-outs, in nanoseconds that never go back. Cheaper than `ContinuousClock` where each call needs it
/// several times; deadlines that travel in `CallContext` are `ContinuousClock` instants.
enum MonotonicTime {
  static let never = UInt64.max

  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// `duration` after `start`; `never` when that is out of range.
  static func after(_ duration: Duration, from start: UInt64) -> UInt64 {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return start }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return never }
    let (sum, tooFar) = start.addingReportingOverflow(whole &+ UInt64(attoseconds / 1_000_000_000))
    return tooFar ? never : sum
  }

  /// How long from `start` to `end`; zero when `end` is past.
  static func duration(from start: UInt64, to end: UInt64) -> Duration {
    end > start ? .nanoseconds(Int64(clamping: end - start)) : .zero
  }
}
