public import Core

/// What calendar and clock show somewhere: a date and a time of day, without a zone.
public struct LocalDateTime: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let date: CivilDate
  /// Seconds since local midnight, 0 to 86,399.
  public let secondOfDay: Int

  /// - Precondition: `secondOfDay` is 0 to 86,399.
  public init(date: CivilDate, secondOfDay: Int) {
    precondition((0..<86_400).contains(secondOfDay), "a day has 86,400 seconds")
    self.date = date
    self.secondOfDay = secondOfDay
  }

  /// Minutes since local midnight, 0 to 1,439.
  public var minuteOfDay: Int { secondOfDay / 60 }

  /// ISO 8601 without an offset, such as "2026-03-02T09:00:00".
  public var description: String {
    "\(date)T\(Self.twoDigits(secondOfDay / 3600)):\(Self.twoDigits(minuteOfDay % 60)):"
      + Self.twoDigits(secondOfDay % 60)
  }

  public static func < (left: LocalDateTime, right: LocalDateTime) -> Bool {
    (left.date, left.secondOfDay) < (right.date, right.secondOfDay)
  }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension LocalDateTime {
  /// Seconds from 1970-01-01T00:00:00 on the same calendar and clock.
  var localSeconds: Int64 { Int64(date.daysSince1970) * 86_400 + Int64(secondOfDay) }

  init(localSeconds: Int64) {
    let (day, second) = localSeconds.flooredDivision(by: 86_400)
    self.init(date: CivilDate(daysSince1970: Int(day)), secondOfDay: Int(second))
  }
}

extension Int64 {
  /// Quotient rounded towards minus infinity, and the remainder, which is never negative. `divisor` is above zero.
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension Instant {
  /// Whole seconds since 1970, rounded down.
  var wholeSeconds: Int64 { microsecondsSince1970.flooredDivision(by: 1_000_000).quotient }

  /// Seconds outside the range of `Instant` become its ends.
  init(wholeSeconds: Int64) {
    let (microseconds, overflow) = wholeSeconds.multipliedReportingOverflow(by: 1_000_000)
    self = overflow ? (wholeSeconds < 0 ? .distantPast : .distantFuture) : Instant(microsecondsSince1970: microseconds)
  }
}
