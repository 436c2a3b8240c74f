/// The Gregorian calendar for any year that 64 bits of seconds can reach.
enum ProlepticCalendar {
  static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  /// Days from 1970-01-01 to the first of a month. Counts from March, so that a leap day comes last in its year
  /// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  static func days(toYear year: Int64, month: Int) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = marchYear.flooredDivision(by: 400)
    let monthsSinceMarch = Int64((month + 9) % 12)
    let dayOfYear = (153 * monthsSinceMarch + 2) / 5
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// A year that contains the second, or is next to one that does.
  static func approximateYear(ofSeconds seconds: Int64) -> Int64 {
    1970 + seconds.flooredDivision(by: 31_556_952).quotient
  }
}
