import Testing

@testable import Telephony

@Suite struct PrefixTableTests {
  private func possible(_ e164: String) throws -> [String] {
    try PhoneNumber.parse(e164, defaultRegion: nil).possibleTimeZones
  }

  @Test func theAreaCodeDecidesWhereItTellsThePlace() throws {
    #expect(try possible("+12127365000") == ["America/New_York"])
    #expect(try possible("+13125550123") == ["America/Chicago"])
    #expect(try possible("+442079460018") == ["Europe/London"])
    #expect(try possible("+61292501234") == ["Australia/Sydney"])
    #expect(try possible("+541143211234") == ["America/Argentina/Buenos_Aires"])
  }

  @Test func aMobileCanBeAnywhereInItsCountry() throws {
    let zones = try possible("+61491570156")
    #expect(zones.contains("Australia/Sydney"))
    #expect(zones.contains("Australia/Perth"))
    #expect(zones.contains("Indian/Cocos"))
    #expect(zones == zones.sorted())
  }

  @Test func aTollFreeNumberCanBeInAllZonesOfItsCountryCode() throws {
    let zones = try possible("+18005550199")
    #expect(zones.contains("America/New_York"))
    #expect(zones.contains("Pacific/Honolulu"))
    #expect(zones.count > 30)
  }

  @Test func anInternationalServiceIsNowhere() throws {
    #expect(try possible("+80012345678").isEmpty)
  }

  @Test func everyZoneInTheDataIsInTheSystemsDatabase() {
    let zones = PrefixTable.timeZones.allValues
    #expect(zones.count > 250)
    for zone in zones { #expect(TimeZoneRules.named(zone) != nil, "\(zone)") }
  }

  @Test func theLongestPrefixWins() {
    let table = PrefixTable(Array("# facts\nA B: 1 44\nB: 12 1234\nC: 123\n".utf8))
    func names(_ digits: String) -> [String] { table[table.values(of: digits.utf8)] }
    #expect(names("19") == ["A", "B"])
    #expect(names("1299") == ["B"])
    #expect(names("12399999999999999") == ["C"])
    #expect(names("1234") == ["B"])
    #expect(names("2").isEmpty)
    #expect(names("").isEmpty)
    #expect(names("1a").isEmpty)
  }
}
