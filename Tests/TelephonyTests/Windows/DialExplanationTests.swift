import Core
import Testing

@testable import Telephony

@Suite struct DialExplanationTests {
  @Test func everyRuleIsNamedInEveryZone() throws {
    let torn = CallingPlace(
      number: try PhoneNumber.parse("+12125550123", defaultRegion: nil),
      address: try LeadAddress(country: "US", state: "AL"))
    let date = try #require(CivilDate("2026-12-24"))
    let window = DialWindow(
      windows: try CallWindows(CallWindows.standard.windows, excludedDates: [date]), place: torn)
    let explanation = window.explain(at: try at("2026-12-25T15:30:00Z"), zones: torn.zones)
    let lines = explanation.findings.map { finding in
      "\(finding.allows ? "pass" : "fail") \(finding.rule) \(finding.zone ?? "") \(finding.detail)"
    }
    #expect(
      lines == [
        "pass us.federal.hours America/New_York ", "pass us.al America/New_York ",
        "fail us.al.holidays America/New_York Christmas Day (US)",
        "pass campaign.windows America/New_York 09:00–12:00, 13:00–17:00",
        "pass campaign.excluded_dates America/New_York ",
        "pass us.federal.hours America/Chicago ", "pass us.al America/Chicago ",
        "fail us.al.holidays America/Chicago Christmas Day (US)",
        "pass campaign.windows America/Chicago 09:00–12:00, 13:00–17:00",
        "pass campaign.excluded_dates America/Chicago ",
      ])
    #expect(explanation.findings[0].local?.description == "2026-12-25T10:30:00")
    #expect(explanation.findings[0].source == "47 CFR 64.1200(c)(1); 16 CFR 310.4(c)")
    // Monday at nine in Chicago, which is ten in New York.
    #expect(try explanation.opensAt == at("2026-12-28T15:00:00Z"))
    guard case .closed(let reason, _) = explanation.verdict else { return }
    #expect(reason.code == "public_holiday")
  }

  @Test func aRuleToComeSaysWhen() throws {
    let place = CallingPlace(places: ["US-PA"], zones: try zones("America/New_York"))
    let window = DialWindow(windows: .standard, place: place)
    let before = window.explain(at: try at("2026-10-12T14:00:00Z"), zones: place.zones)
    let rule = try #require(before.findings.first { $0.rule == "us.pa.sunday" })
    #expect(rule.allows && rule.detail == "holds from 2026-10-18")
  }

  @Test func aTimeToAvoidIsARule() throws {
    let newYork = try zones("America/New_York")
    let morning = try #require(MinuteRange(start: 540, end: 720))
    let window = DialWindow(windows: .standard, envelope: .unitedStates).avoiding(morning)
    let explanation = window.explain(at: try at("2026-03-02T15:00:00Z"), zones: newYork)
    #expect(explanation.findings.filter { !$0.allows }.map(\.rule) == ["campaign.other_time"])
    #expect(try explanation.opensAt == at("2026-03-02T18:00:00Z"))
  }

  @Test func anUnknownPlaceIsExplained() throws {
    let window = DialWindow(windows: .standard, envelope: .unitedStates)
    let explanation = window.explain(at: try at("2026-03-02T15:00:00Z"), zones: [])
    #expect(explanation.verdict == .closed(.zoneUnknown, opensAt: nil))
    #expect(explanation.findings.map(\.rule) == ["place"])
    #expect(explanation.opensAt == nil)
  }
}
