import Core
import Testing

@testable import Telephony

@Suite struct DialWindowsTests {
  /// Asked in any order and again, a place gets the hours that are its own.
  @Test func eachPlaceHasItsOwnHours() throws {
    let windows = DialWindows(try CallWindows((1...7).map { CallWindow(weekday: $0, startMinute: 0, endMinute: 1440) }))
    let zones = [try #require(TimeZoneRules.named("America/New_York"))]
    let places = [["US-NY"], ["US-AL"], ["US-AL", "US-NY"], ["AU-VIC"], []].map {
      CallingPlace(places: $0, zones: zones)
    }
    for place in places + places.reversed() {
      #expect(windows.window(at: place) == DialWindow(windows: windows.windows, place: place), "\(place)")
    }
    #expect(Set(places.map { windows.window(at: $0).envelope.rule }).count > 2)
  }
}
