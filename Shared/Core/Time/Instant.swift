import Glibc

/// A point in business time, in microseconds since 1970-01-01T00:00:00Z.
///
/// Business time is what the services reason with: it may run faster than the wall clock (see `ScaledClock`). Postgres'
/// `timestamptz` and the wire have the same resolution, so an instant survives both unchanged. Arithmetic saturates at
/// the limits of `Int64` instead of trapping, because durations may come from outside.
public struct Instant: Hashable, Comparable, Sendable {
  /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
  public let microsecondsSince1970: Int64

  public init(microsecondsSince1970: Int64) {
    self.microsecondsSince1970 = microsecondsSince1970
  }

  /// 0001-01-01T00:00:00Z, the earliest instant that RFC 3339 can write.
  public static let distantPast = Instant(microsecondsSince1970: -62_135_596_800_000_000)

  /// 9999-12-31T23:59:59.999999Z, the latest instant that RFC 3339 can write.
  public static let distantFuture = Instant(microsecondsSince1970: 253_402_300_799_999_999)

  /// The wall clock (`CLOCK_REALTIME`), for logs, leases and clocks. Decisions use a `BusinessClock`.
  public static func wallClock() -> Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Instant(microsecondsSince1970: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }

  public static func < (left: Instant, right: Instant) -> Bool {
    left.microsecondsSince1970 < right.microsecondsSince1970
  }

  public static func + (left: Instant, right: Duration) -> Instant {
    Instant(microsecondsSince1970: left.microsecondsSince1970.addingSaturated(right.microseconds))
  }

  public static func - (left: Instant, right: Duration) -> Instant {
    Instant(microsecondsSince1970: left.microsecondsSince1970.subtractingSaturated(right.microseconds))
  }

  public static func += (left: inout Instant, right: Duration) {
    left = left + right
  }

  public static func -= (left: inout Instant, right: Duration) {
    left = left - right
  }

  /// The time from here to `other`; negative when `other` is earlier.
  public func duration(to other: Instant) -> Duration {
    .microseconds(other.microsecondsSince1970.subtractingSaturated(microsecondsSince1970))
  }

  /// The UTC calendar day that holds this instant.
  public var utcDate: CivilDate {
    CivilDate(daysSince1970: Int(microsecondsSince1970.flooringDivision(by: 86_400_000_000).quotient))
  }
}

extension Instant: CustomStringConvertible {
  public var description: String { rfc3339 }
}

extension Int64 {
  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  func subtractingSaturated(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// Division that rounds towards minus infinity, so that the remainder is never negative.
  func flooringDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
