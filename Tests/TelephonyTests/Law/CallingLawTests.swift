import Core
import Testing

@testable import Telephony

@Suite struct CallingLawTests {
  private let allDay = (1...7).map { CallWindow(weekday: $0, startMinute: 0, endMinute: 1_440) }

  /// Local hours open on a date by the law of some places alone: "08:00–20:00".
  private func hours(_ places: String..., on date: String) throws -> String {
    let day = try #require(CivilDate(date)).daysSince1970
    let envelope = CallingPlace(places: places, zones: []).envelope
    return envelope.hours.ranges(onDay: day).map(\.description).joined(separator: ", ")
  }

  // 2026-03-02 is a Monday on which nobody in these states has a holiday.
  @Test(arguments: [
    ("US-NY", "08:00–21:00", "08:00–21:00", "08:00–21:00"), ("US-FL", "08:00–20:00", "08:00–20:00", "08:00–20:00"),
    ("US-OK", "08:00–20:00", "08:00–20:00", "08:00–20:00"), ("US-MD", "08:00–20:00", "08:00–20:00", "08:00–20:00"),
    ("US-WA", "08:00–20:00", "08:00–20:00", "08:00–20:00"), ("US-WY", "08:00–20:00", "08:00–20:00", "08:00–20:00"),
    ("US-TX", "09:00–21:00", "09:00–21:00", "12:00–21:00"), ("US-KY", "10:00–21:00", "10:00–21:00", "10:00–21:00"),
    ("US-ME", "09:00–17:00", "", ""), ("US-RI", "09:00–18:00", "10:00–17:00", ""),
    ("US-PR", "08:00–21:00", "08:00–21:00", "08:00–21:00"), ("US-GU", "08:00–21:00", "08:00–21:00", "08:00–21:00"),
    ("AU-QLD", "09:00–20:00", "09:00–17:00", ""), ("AU-CX", "09:00–20:00", "09:00–17:00", ""),
    ("GB", "09:00–20:00", "09:00–17:00", ""), ("*", "09:00–20:00", "09:00–17:00", ""),
  ])
  func eachPlaceHasItsHours(place: String, weekday: String, saturday: String, sunday: String) throws {
    #expect(try hours(place, on: "2026-03-02") == weekday)
    #expect(try hours(place, on: "2026-03-07") == saturday)
    #expect(try hours(place, on: "2026-03-08") == sunday)
  }

  @Test func aRuleHoldsFromItsDay() throws {
    #expect(try hours("US-PA", on: "2026-10-11") == "08:00–21:00")
    #expect(try hours("US-PA", on: "2026-10-17") == "08:00–21:00")
    #expect(try hours("US-PA", on: "2026-10-18") == "")
    #expect(try hours("US-PA", on: "2026-10-19") == "08:00–21:00")
  }

  @Test func everyPlacesRulesMustAllow() throws {
    #expect(try hours("US-FL", "US-KY", on: "2026-03-02") == "10:00–20:00")
    #expect(try hours("US-NY", "AU-NSW", on: "2026-03-02") == "09:00–20:00")
    #expect(try hours("US-NY", "GB", on: "2026-03-08") == "")
  }

  @Test func aStateThatIsNotKnownIsEveryState() throws {
    let anywhere = LegalEnvelope.forRegion("US")
    #expect(anywhere.region == "US")
    let weekday = try #require(CivilDate("2026-03-02")).daysSince1970
    #expect(anywhere.hours.ranges(onDay: weekday).map(\.description) == ["10:00–17:00"])
    #expect(anywhere.hours.ranges(onDay: weekday + 5).isEmpty)
    #expect(anywhere.rules.count > 20)
  }

  @Test func nationalAndStateHolidaysShutAustralia() throws {
    // Good Friday everywhere; Melbourne Cup Day in Victoria alone; Anzac Day 2026 is a Saturday.
    #expect(try hours("AU", on: "2026-04-03") == "")
    #expect(try hours("AU", on: "2026-11-03") == "09:00–20:00")
    #expect(try hours("AU-NSW", on: "2026-11-03") == "09:00–20:00")
    #expect(try hours("AU-VIC", on: "2026-11-03") == "")
    #expect(try hours("AU-NSW", "AU-VIC", on: "2026-11-03") == "")
    #expect(try hours("AU", on: "2026-04-25") == "")
    #expect(try hours("AU-NSW", on: "2026-04-27") == "")
    #expect(try hours("AU-VIC", on: "2026-04-27") == "09:00–20:00")
    let anywhere = LegalEnvelope.forRegion("AU")
    for state in ["ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"] {
      let calendar = try #require(HolidayCalendar.of("AU-\(state)"))
      #expect(!calendar.days.isEmpty)
      for day in calendar.days { #expect(anywhere.hours.ranges(onDay: day).isEmpty, "\(state)") }
    }
  }

  @Test func whatIsNotKnownToBeNoHolidayIsShut() throws {
    #expect(try hours("AU-NSW", on: "2028-12-29") == "09:00–20:00")
    #expect(try hours("AU-NSW", on: "2029-01-02") == "")
    #expect(try hours("AU-NSW", on: "2024-12-30") == "")
    #expect(try hours("US-NY", on: "2029-01-02") == "08:00–21:00")
    #expect(try hours("US-AL", on: "2029-01-02") == "")
    let sydney = CallingPlace(places: ["AU-NSW"], zones: try zones("Australia/Sydney"))
    let window = DialWindow(windows: .standard, place: sydney)
    let verdict = window.verdict(at: try at("2029-03-05T00:00:00Z"), zones: sydney.zones)
    guard case .closed(let reason, nil) = verdict else {
      Issue.record("open in a year whose holidays are not known")
      return
    }
    #expect(reason.code == "holiday_data_ran_out")
    #expect(reason.description.hasPrefix("the public holidays of AU are not known for 2029-03-05"))
  }

  @Test func aRuleOnHolidaysNeedsACalendar() throws {
    let rule = CallingRule(
      id: "xx", places: ["XX"], says: "", source: "", shutsOnHolidays: true, hours: .always)
    let bound = LegalEnvelope.BoundRule(rule, calendars: [])
    #expect(bound.hours.isEmpty)
    #expect(bound.placeWithoutHolidays(on: try #require(CivilDate("2026-03-02"))) == "XX")
  }

  @Test func aHolidayIsNamed() throws {
    let melbourne = CallingPlace(places: ["AU-VIC"], zones: try zones("Australia/Melbourne"))
    let window = DialWindow(windows: .standard, place: melbourne)
    guard
      case .closed(let reason, let opensAt) = window.verdict(at: try at("2026-11-03T00:00:00Z"), zones: melbourne.zones)
    else {
      Issue.record("open on Melbourne Cup Day")
      return
    }
    #expect(reason.code == "public_holiday")
    #expect(
      reason.description == "the law allows no call on Melbourne Cup Day (AU-VIC), which it is at "
        + "2026-11-03T11:00:00 in Australia/Melbourne")
    #expect(try opensAt == at("2026-11-03T22:00:00Z"))
  }

  @Test func everyRuleHasASourceAndAName() {
    #expect(Set(CallingRule.all.map(\.id)).count == CallingRule.all.count)
    for rule in CallingRule.all {
      #expect(!rule.says.isEmpty && !rule.source.isEmpty && !rule.hours.isEmpty, "\(rule.id)")
      for place in rule.places where place.contains("-") {
        #expect(PlaceFacts.shared.zones(of: place) != nil, "\(rule.id)")
      }
    }
    for calendar in HolidayCalendar.all.values { #expect(!calendar.source.isEmpty, "\(calendar.place)") }
  }

  @Test func theStrictestIsWithinBothLaws() throws {
    let both = LegalEnvelope.unitedStates.hours.intersection(LegalEnvelope.australia.hours)
    for day in 20_200..<20_214 {  // Fortnight in April and May 2025; Anzac Day is a holiday of Australia.
      guard HolidayCalendar.of("AU")?.days.contains(day) == false else { continue }
      #expect(LegalEnvelope.strictest.hours.ranges(onDay: day) == both.ranges(onDay: day))
    }
  }

  @Test func excludedDatesAreSkippedByDay() throws {
    let newYork = try zones("America/New_York")
    let monday = try #require(CivilDate("2026-03-02"))
    let windows = try CallWindows(
      CallWindows.standard.windows, excludedDates: (0..<200).map { monday.adding(days: $0) })
    let window = DialWindow(windows: windows, envelope: .unitedStates)
    guard case .closed(let reason, let opensAt) = window.verdict(at: try at("2026-03-02T15:00:00Z"), zones: newYork)
    else {
      Issue.record("open on an excluded date")
      return
    }
    #expect(reason.code == "excluded_date")
    #expect(
      reason.description
        == "the campaign does not call on 2026-03-02, which it is at 2026-03-02T10:00:00 in America/New_York")
    #expect(try opensAt == at("2026-09-18T13:00:00Z"))
    #expect(throws: CallWindowError(field: "excluded_dates", message: "at most 400 dates, not 401")) {
      try CallWindows(allDay, excludedDates: (0..<401).map { monday.adding(days: $0) })
    }
  }
}
