import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct AllowanceTests {
  /// The clocks of two instances are never the same.
  @Test func `counters do not start anew for a clock that is behind`() throws {
    let zone = try #require(TimeZoneRules.named("UTC"))
    let midnight = Instant(microsecondsSince1970: 1_772_496_000_000_000)
    let before = midnight - .milliseconds(100)
    var counters = Allowance.Counters(
      day: CivilDate(daysSince1970: 0), dayCalls: 0, minuteStart: .distantPast, minuteCalls: 0
    ).rolled(to: before, zone: zone)
    counters.count(10)
    var ahead = counters.rolled(to: midnight + .milliseconds(100), zone: zone)
    #expect(ahead.minuteCalls == 0 && ahead.dayCalls == 0)
    ahead.count(7)
    let behind = ahead.rolled(to: before, zone: zone)
    #expect(behind.minuteCalls == 7)
    #expect(behind.dayCalls == 7)
  }
}
