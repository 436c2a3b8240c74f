import Core
import Testing

@Suite struct InstantTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", Int64(0)),
    ("2026-03-02T09:00:00Z", 1_772_442_000_000_000),
    ("2026-03-02T09:00:00.25+10:00", 1_772_406_000_250_000),
    ("2026-03-02 09:00:00.1234567z", 1_772_442_000_123_456),
    ("1969-12-31T23:59:59.999999Z", -1),
    ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
    ("0001-01-01T00:00:00Z", Instant.distantPast.microsecondsSince1970),
    ("9999-12-31T23:59:59.999999Z", Instant.distantFuture.microsecondsSince1970),
  ])
  func readsRFC3339(text: String, micros: Int64) {
    #expect(Instant(rfc3339: text)?.microsecondsSince1970 == micros)
  }

  @Test(arguments: [
    "", "2026-03-02", "2026-03-02T09:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-02T24:00:00Z",
    "2026-03-02T09:60:00Z", "2026-03-02T09:00:61Z", "2026-03-02T09:00:00.Z", "2026-03-02T09:00:00+1000",
    "2026-03-02T09:00:00Zx", "2026-03-02T09:00:00+24:00", "２０２６-03-02T09:00:00Z", "0000-01-01T00:00:00Z",
  ])
  func refusesWhatIsNotRFC3339(text: String) {
    #expect(Instant(rfc3339: text) == nil)
  }

  @Test(arguments: UInt64(1)...200) func writesWhatItReads(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let range = Instant.distantPast.microsecondsSince1970...Instant.distantFuture.microsecondsSince1970
    let instant = Instant(microsecondsSince1970: .random(in: range, using: &generator))
    #expect(Instant(rfc3339: instant.rfc3339) == instant)
  }

  @Test func showsMicrosecondsOnlyWhenThereAreAny() {
    #expect(Instant(microsecondsSince1970: 1_000_000).rfc3339 == "1970-01-01T00:00:01Z")
    #expect(Instant(microsecondsSince1970: 1_000_050).description == "1970-01-01T00:00:01.000050Z")
  }

  @Test func arithmeticSaturates() {
    let last = Instant(microsecondsSince1970: .max)
    #expect(last + .seconds(1) == last)
    #expect(Instant(microsecondsSince1970: .min) - .seconds(Int64.max) == Instant(microsecondsSince1970: .min))
    #expect(Instant.distantPast.duration(to: .distantFuture) > .days(3_000_000))
    #expect(Duration.seconds(Int64.max).microseconds == .max)
  }

  @Test func durationsConvert() {
    #expect(Duration.minutes(2) == .seconds(120))
    #expect(Duration.hours(1) + .days(1) == .seconds(90_000))
    #expect(Duration.milliseconds(-1_500).microseconds == -1_500_000)
    #expect(Duration.milliseconds(250).inSeconds == 0.25)
  }
}

@Suite struct CivilDateTests {
  @Test func everyDayOfFourCenturiesFollowsTheOneBefore() {
    var days = CivilDate("1899-12-31")!.daysSince1970
    var previous = CivilDate(daysSince1970: days)
    for _ in 0..<146_097 {
      days += 1
      let date = CivilDate(daysSince1970: days)
      let follows = date.day == previous.day + 1 || (date.day == 1 && previous.day >= 28)
      if date.daysSince1970 != days || date <= previous || date.weekday != previous.weekday % 7 + 1 || !follows {
        Issue.record("\(date) does not follow \(previous)")
      }
      previous = date
    }
  }

  @Test func knownDays() {
    #expect(CivilDate("2026-03-02")?.weekday == 1)
    #expect(CivilDate("2024-02-29")?.adding(days: 1).description == "2024-03-01")
    #expect(CivilDate(year: 1970, month: 1, day: 1)?.daysSince1970 == 0)
    #expect(CivilDate("0001-01-01")?.startInUTC == .distantPast)
    #expect(Instant(microsecondsSince1970: -1).utcDate.description == "1969-12-31")
  }

  @Test(arguments: [
    "", "2026-3-2", "2026-02-29", "1900-02-29", "2026-04-31", "2026-00-10", "2026-01-00", "2026-01-01x",
  ])
  func refusesDaysThatAreNot(text: String) {
    #expect(CivilDate(text) == nil)
  }
}
