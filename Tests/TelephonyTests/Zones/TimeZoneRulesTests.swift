import Core
import Testing

@testable import Telephony

@Suite struct TimeZoneRulesTests {
  @Test(arguments: [
    ("America/New_York", "2026-01-15T17:00:00Z", "2026-01-15T12:00:00"),
    ("America/New_York", "2026-07-15T16:00:00Z", "2026-07-15T12:00:00"),
    ("America/New_York", "2026-03-08T06:59:59Z", "2026-03-08T01:59:59"),
    ("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08T03:00:00"),
    ("Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-05T01:59:59"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05T01:30:00"),
    ("Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T05:45:00"),
    ("Europe/Dublin", "2026-07-01T12:00:00Z", "2026-07-01T13:00:00"),
    ("UTC", "2026-07-01T23:59:59Z", "2026-07-01T23:59:59"),
    // Beyond the tables of zone files, which end in 2037.
    ("America/New_York", "2120-07-15T16:00:00Z", "2120-07-15T12:00:00"),
    ("America/New_York", "2120-01-15T17:00:00Z", "2120-01-15T12:00:00"),
    ("Australia/Sydney", "2099-01-01T00:00:00Z", "2099-01-01T11:00:00"),
  ])
  func showsLocalTime(name: String, utc: String, local: String) throws {
    #expect(try zone(name).local(at: at(utc)).description == local)
  }

  @Test func offsetsAreSecondsEastOfUTC() throws {
    #expect(try zone("America/St_Johns").offset(at: at("2026-01-15T00:00:00Z")) == .seconds(-12_600))
  }

  @Test func aTimeThatTheClockJumpsOverHasNoInstant() throws {
    let newYork = try zone("America/New_York")
    let date = try #require(CivilDate(year: 2026, month: 3, day: 8))
    #expect(newYork.instants(of: LocalDateTime(date: date, secondOfDay: 9_000)).isEmpty)
    #expect(try newYork.instants(of: LocalDateTime(date: date, secondOfDay: 10_800)) == [at("2026-03-08T07:00:00Z")])
  }

  @Test func aTimeThatTheClockRepeatsHasTwo() throws {
    let newYork = try zone("America/New_York")
    let date = try #require(CivilDate(year: 2026, month: 11, day: 1))
    let found = newYork.instants(of: LocalDateTime(date: date, secondOfDay: 5_400))
    #expect(try found == [at("2026-11-01T05:30:00Z"), at("2026-11-01T06:30:00Z")])
  }

  @Test func knowsTheNextChange() throws {
    #expect(
      try zone("America/New_York").nextTransition(after: at("2026-03-08T07:00:00Z")) == at("2026-11-01T06:00:00Z"))
    #expect(
      try zone("America/New_York").nextTransition(after: at("2099-11-02T00:00:00Z")) == at("2100-03-14T07:00:00Z"))
    #expect(try zone("Asia/Tokyo").nextTransition(after: at("2026-01-01T00:00:00Z")) == nil)
    #expect(try zone("UTC").nextTransition(after: .distantPast) == nil)
  }

  @Test(arguments: ["America/New_York", "Africa/Casablanca", "Pacific/Apia", "Antarctica/Troll", "UTC"])
  func anInstantIsAmongTheInstantsOfItsLocalTime(name: String) throws {
    let rules = try zone(name)
    let start = try at("2024-01-01T00:00:00Z")
    let strangers = (0..<4_000).map { start + .seconds($0 * (31 * 3_600 + 17)) }.filter {
      !rules.instants(of: rules.local(at: $0)).contains($0)
    }
    #expect(strangers.isEmpty)
  }

  @Test func theEndsOfTimeHaveALocalTime() throws {
    for name in ["America/New_York", "UTC", "Africa/Casablanca", "Asia/Tokyo"] {
      let rules = try zone(name)
      for instant in [Instant.distantPast, .distantFuture] {
        _ = rules.instants(of: rules.local(at: instant))
        _ = rules.nextTransition(after: instant)
      }
    }
  }

  @Test(arguments: [
    "", "Nowhere/City", "../../../etc/passwd", "America/../UTC", "/UTC", "America", "posixrules", "localtime",
    "Factory",
    "tzdata.zi", "right/UTC", "america/new_york", "America/New_York\0", "America//New_York", "UTC/", "Étoile",
    String(repeating: "A", count: 5_000),
  ])
  func whatIsNoZoneGivesNothing(name: String) {
    #expect(TimeZoneRules.named(name) == nil)
  }

  @Test func oneUnknownZoneMakesAllUnknown() {
    #expect(TimeZoneRules.all(named: ["America/New_York", "Nowhere/City"]) == nil)
    #expect(TimeZoneRules.all(named: ["America/New_York", "UTC"])?.map(\.name) == ["America/New_York", "UTC"])
    #expect(TimeZoneRules.all(named: [])?.isEmpty == true)
  }
}
