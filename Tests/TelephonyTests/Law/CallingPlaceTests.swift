import Core
import Testing

@testable import Telephony

@Suite struct CallingPlaceTests {
  private func place(
    _ number: String, zone: String = "", country: String = "", state: String = ""
  ) throws -> CallingPlace {
    CallingPlace(
      number: try PhoneNumber.parse(number, defaultRegion: nil), zone: zone,
      address: country.isEmpty ? nil : try LeadAddress(country: country, state: state))
  }

  @Test(arguments: [
    ("+12125550123", ["US-NY"], ["America/New_York"]), ("+13052439666", ["US-FL"], ["America/New_York"]),
    ("+12015550123", ["US-NJ", "US-NY"], ["America/New_York"]), ("+17875550123", ["US-PR"], ["America/Puerto_Rico"]),
    ("+16715550123", ["US-GU"], ["Pacific/Guam"]), ("+61891610000", ["AU-CC", "AU-CX", "AU-WA"], []),
    ("+61292501234", ["AU-ACT", "AU-NSW", "AU-VIC"], ["Australia/Sydney"]),
    ("+442079460018", ["GB"], ["Europe/London"]),
    ("+14165550123", ["CA"], ["America/Toronto"]), ("+80012345678", ["*"], []),
  ])
  func theNumberAloneTells(number: String, places: [String], zones: [String]) throws {
    let place = try place(number)
    #expect(place.places == places)
    if !zones.isEmpty || number.hasPrefix("+800") { #expect(place.zones.map(\.name) == zones) }
    #expect(place.isConsistent)
  }

  @Test func aTollFreeNumberCanBeInEveryState() throws {
    let place = try place("+18005550199")
    #expect(place.places.count == 56)  // 50 states, the District of Columbia and 5 territories.
    #expect(place.envelope.rules.count > 20)
  }

  @Test func anAddressThatAgreesNarrows() throws {
    let perth = try place("+61491570156", country: "AU", state: "WA")
    #expect(perth.places == ["AU-WA"])
    #expect(perth.zones.map(\.name) == ["Australia/Perth", "Australia/Eucla"])
    #expect(perth.isConsistent)
    #expect(try place("+18005550199", country: "us", state: "florida").places == ["US-FL"])
    #expect(try place("+12125550123", country: "US").places == ["US-NY"])
    #expect(try place("+12125550123", country: "US").zones.map(\.name) == ["America/New_York"])
    #expect(try place("+80012345678", country: "DE").zones.map(\.name) == ["Europe/Berlin"])
  }

  @Test func anAddressThatDisagreesWidens() throws {
    let torn = try place("+12125550123", country: "US", state: "CA")
    #expect(!torn.isConsistent)
    #expect(torn.places == ["US-CA", "US-NY"])
    #expect(
      torn.description
        == "US-CA+US-NY in America/New_York, America/Los_Angeles (number, zone and address disagree)")
    #expect(torn.zones.map(\.name) == ["America/New_York", "America/Los_Angeles"])
    // Office hours of both coasts: from nine in Los Angeles, which is noon in New York, to five in New York.
    let window = DialWindow(windows: .standard, place: torn)
    #expect(
      try window.nextOpening(after: at("2026-03-02T12:00:00Z"), zones: torn.zones) == at("2026-03-02T18:00:00Z"))
    // A zone of one of the two does not decide.
    #expect(try place("+12125550123", zone: "America/Los_Angeles", country: "US", state: "CA").zones == torn.zones)
    // The stricter law counts, wherever the lead is.
    let florida = try place("+12125550123", country: "US", state: "FL")
    let evening = try CallWindows((1...7).map { CallWindow(weekday: $0, startMinute: 1_080, endMinute: 1_260) })
    guard
      case .open(let until) = DialWindow(windows: evening, place: florida).verdict(
        at: try at("2026-03-03T00:30:00Z"), zones: florida.zones)
    else {
      Issue.record("shut at half past seven")
      return
    }
    #expect(try until == at("2026-03-03T01:00:00Z"))
  }

  @Test func aZoneOfTheLeadsOwnNarrowsOrWidens() throws {
    let sydney = try place("+61491570156", zone: "Australia/Sydney")
    #expect(sydney.zones.map(\.name) == ["Australia/Sydney"])
    #expect(sydney.places == ["AU-ACT", "AU-NSW", "AU-TAS", "AU-VIC"])
    #expect(try place("+61491570156", zone: "Australia/Perth").places == ["AU-WA"])
    #expect(try place("+12125550123", zone: "US/Eastern").places == ["US-NY"])
    let chicago = try place("+12125550123", zone: "America/Chicago")
    #expect(!chicago.isConsistent)
    #expect(chicago.zones.map(\.name) == ["America/New_York", "America/Chicago"])
    #expect(chicago.places.contains("US-NY") && chicago.places.contains("US-TX"))
    #expect(!chicago.places.contains("CA"))
    let london = try place("+12125550123", zone: "Europe/London")
    #expect(london.places.contains("GB") && london.places.contains("US-NY"))
    #expect(try place("+80012345678", zone: "Europe/Paris").zones.map(\.name) == ["Europe/Paris"])
  }

  @Test func aZoneThatIsNoneMakesThePlaceUnknown() throws {
    for zone in ["Mars/Olympus_Mons", " ", "america/new_york"] {
      let nowhere = try place("+12125550123", zone: zone)
      #expect(nowhere.zones.isEmpty)
      #expect(
        DialWindow(windows: .standard, place: nowhere).verdict(at: try at("2026-03-02T15:00:00Z"), zones: nowhere.zones)
          == .closed(.zoneUnknown, opensAt: nil))
      #expect(try place("+12125550123", zone: zone, country: "US", state: "NY").zones.isEmpty)
    }
  }

  @Test func anAddressIsReadOrRefused() throws {
    #expect(try LeadAddress(country: "us", state: "New York").state == "US-NY")
    #expect(try LeadAddress(country: "AU", state: "nsw").state == "AU-NSW")
    #expect(try LeadAddress(country: "US", state: "us-tx").state == "US-TX")
    #expect(try LeadAddress(country: "PR").state == "US-PR")
    #expect(try LeadAddress(country: "DE", state: "Bayern").state == nil)
    #expect(
      throws: LeadAddressError(
        field: "country", message: "\"Germany\" is no country: two letters are wanted, such as US")
    ) { try LeadAddress(country: "Germany") }
    #expect(
      throws: LeadAddressError(
        field: "state", message: "\"Bavaria\" is no state of US: its code or name is wanted, such as US-AK")
    ) { try LeadAddress(country: "US", state: "Bavaria") }
  }

  @Test func anAustralianMobileWithoutAZoneIsNeverCallableInJuly() throws {
    let mobile = try place("+61491570156")
    #expect(mobile.zones.count == 8)
    let window = DialWindow(windows: .standard, place: mobile)
    let july = try at("2026-07-01T00:00:00Z")
    guard case .closed(let reason, let opensAt) = window.verdict(at: july, zones: mobile.zones) else {
      Issue.record("open")
      return
    }
    #expect(try opensAt == nil || opensAt ?? july >= at("2026-08-01T00:00:00Z"))
    #expect(reason.code == "no_common_instant")
    #expect(
      reason.description.hasPrefix("no instant of the next 7 days suits all possible zones (Australia/Adelaide, "))
    #expect(reason.description.hasSuffix("give the lead a zone or a state"))
  }

  @Test func everyPlaceHasZonesThatTheSystemKnows() {
    for country in ["US", "AU", "GB", "CA", "NZ", "DE", "IN", "BR"] {
      let places = PlaceFacts.shared.places(inCountry: country)
      #expect(!places.isEmpty)
      for place in places { #expect(PlaceFacts.shared.zones(of: place)?.isEmpty == false, "\(place)") }
    }
  }

  /// Whatever is said of a lead, the hours are never wider than those of its number and its address each on its own.
  @Test(arguments: UInt64(1)...100) func moreToldIsNeverWiderThanEachByItself(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let numbers = ["+12125550123", "+13052439666", "+61292501234", "+442079460018", "+12015550123"]
    let number = try PhoneNumber.parse(numbers.randomElement(using: &generator) ?? numbers[0], defaultRegion: nil)
    let states = ["US-TX", "US-ME", "US-CA", "AU-WA", "AU-VIC", "GB"]
    let state = states.randomElement(using: &generator) ?? states[0]
    let country = PlaceFacts.country(of: state)
    let address = try LeadAddress(country: country, state: country == state ? "" : state)
    let both = CallingPlace(number: number, address: address)
    let byNumber = CallingPlace(number: number)
    let byAddress = CallingPlace(places: [state], zones: try #require(PlaceFacts.shared.zones(of: state)))
    let allDay = try CallWindows((1...7).map { CallWindow(weekday: $0, startMinute: 0, endMinute: 1_440) })
    func isOpen(_ place: CallingPlace, _ now: Instant) -> Bool {
      if case .open = DialWindow(windows: allDay, place: place).verdict(at: now, zones: place.zones) {
        true
      } else {
        false
      }
    }
    for _ in 0..<40 {
      let now = Instant(wholeSeconds: Int64.random(in: 1_767_225_600..<1_800_000_000, using: &generator))
      guard isOpen(both, now), !both.isConsistent else { continue }
      #expect(isOpen(byNumber, now) && isOpen(byAddress, now), "\(number.e164) \(state) \(now)")
    }
  }
}
