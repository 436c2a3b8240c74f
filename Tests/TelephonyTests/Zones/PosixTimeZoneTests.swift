import Core
import Testing

@testable import Telephony

@Suite struct PosixTimeZoneTests {
  private func changes(_ rule: String, year: Int64) throws -> [String] {
    try PosixTimeZone(Array(rule.utf8)).changes(inYear: year).map { change in
      "\(Instant(wholeSeconds: change.seconds)) \(change.offset)"
    }
  }

  @Test func readsTheRulesInUse() throws {
    #expect(
      try changes("EST5EDT,M3.2.0,M11.1.0", year: 2040) == [
        "2040-03-11T07:00:00Z -14400", "2040-11-04T06:00:00Z -18000",
      ])
    // The south begins the year in summer; names can be numbers; minutes and seconds count.
    #expect(
      try changes("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", year: 2040) == [
        "2040-03-31T15:00:00Z 37800", "2040-10-06T15:30:00Z 39600",
      ])
    // Ireland's winter time is the one that is "saved", and hours can be negative or above 24.
    #expect(
      try changes("IST-1GMT0,M10.5.0,M3.5.0/1", year: 2040) == ["2040-03-25T01:00:00Z 3600", "2040-10-28T01:00:00Z 0"])
    #expect(
      try changes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", year: 2040) == [
        "2040-03-25T01:00:00Z -3600", "2040-10-28T01:00:00Z -7200",
      ])
    #expect(
      try changes("EET-2EEST,M3.4.4/50,M10.4.4/50", year: 2040) == [
        "2040-03-24T00:00:00Z 10800", "2040-10-26T23:00:00Z 7200",
      ])
  }

  @Test func countsDaysWithAndWithoutLeapDay() throws {
    #expect(try changes("AAA0BBB,J60/0,J365/0", year: 2040).first == "2040-03-01T00:00:00Z 3600")
    #expect(try changes("AAA0BBB,59/0,J365/0", year: 2040).first == "2040-02-29T00:00:00Z 3600")
  }

  @Test func aZoneWithoutDaylightSavingNeverChanges() throws {
    #expect(try changes("<+0545>-5:45", year: 2040).isEmpty)
    #expect(try PosixTimeZone(Array("<+0545>-5:45".utf8)).standardOffset == 20_700)
  }

  @Test(arguments: [
    "", "E5", "EST", "EST25", "EST5EDT", "EST5EDT,", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,M11.1.0,",
    "EST5EDT,M13.2.0,M11.1.0",
    "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365", "EST5EDT,J1,J366", "EST5EDT,366,1",
    "EST5EDT,M3.2.0/168,M11.1.0", "EST5:60", "<EST5", "<+5>5", "EST99999999999999999999", "\u{0}\u{0}\u{0}0",
    "EST5EDT4,M3",
  ])
  func refusesWhatIsNoRule(rule: String) {
    #expect(throws: TimeZoneFileError.self) { try PosixTimeZone(Array(rule.utf8)) }
  }
}
