import Core
import Telephony
import Testing

@Suite struct DialWindowTests {
  private let allDay = (1...7).map { CallWindow(weekday: $0, startMinute: 0, endMinute: 1_440) }

  private func verdict(
    _ utc: String, _ windows: CallWindows, _ region: String, _ names: String...
  ) throws -> DialWindow.Verdict {
    let envelope: LegalEnvelope =
      switch region {
      case "US": .unitedStates
      case "AU": .australia
      default: .forRegion(region)
      }
    return DialWindow.verdict(at: try at(utc), windows: windows, envelope: envelope, zones: try names.map(zone))
  }

  @Test func noCampaignWidensTheLaw() throws {
    let wide = try CallWindows(allDay)
    // Sunday, eight to nine in New York.
    #expect(
      try verdict("2026-03-01T13:00:00Z", wide, "US", "America/New_York") == .open(until: at("2026-03-02T02:00:00Z")))
    guard case .closed(let reason, let opensAt) = try verdict("2026-03-01T12:59:00Z", wide, "US", "America/New_York")
    else {
      Issue.record("open before eight")
      return
    }
    #expect(reason.code == "legal_hours")
    #expect(
      reason.description
        == "the law allows no call at 2026-03-01T07:59:00 in America/New_York: 08:00–21:00 every day (47 CFR 64.1200(c)(1); 16 CFR 310.4(c))"
    )
    #expect(try opensAt == at("2026-03-01T13:00:00Z"))
  }

  @Test(arguments: [
    // Sydney is at UTC+11 in March. Monday 9 to 20, Saturday 9 to 17, never Sunday.
    ("2026-03-01T21:59:00Z", false), ("2026-03-01T22:00:00Z", true), ("2026-03-02T08:59:00Z", true),
    ("2026-03-02T09:00:00Z", false), ("2026-03-06T22:00:00Z", true), ("2026-03-07T05:59:00Z", true),
    ("2026-03-07T06:00:00Z", false), ("2026-03-08T01:00:00Z", false),
  ])
  func australianHours(utc: String, open: Bool) throws {
    for region in ["AU", "DE", "001", ""] {  // Everywhere else the strictest law holds, which today is the same.
      let verdict = try verdict(utc, CallWindows(allDay), region, "Australia/Sydney")
      if case .open = verdict { #expect(open) } else { #expect(!open) }
    }
  }

  @Test func theTerritoriesFollowTheUnitedStates() {
    #expect(LegalEnvelope.forRegion("PR").rules == LegalEnvelope.unitedStates.rules)
    #expect(LegalEnvelope.forRegion("CA").rules == LegalEnvelope.strictest.rules)
  }

  @Test func theCampaignsOwnWindowsAreNamedWhenTheLawAllows() throws {
    guard
      case .closed(let reason, let opensAt) = try verdict("2026-03-02T17:30:00Z", .standard, "US", "America/New_York")
    else {
      Issue.record("open at lunch")
      return
    }
    #expect(reason.description == "the campaign does not call at 2026-03-02T12:30:00 in America/New_York")
    #expect(try opensAt == at("2026-03-02T18:00:00Z"))
  }

  @Test func theLawMustHoldInEveryZone() throws {
    let wide = try CallWindows(allDay)
    // 8:30 in New York is 5:30 in Los Angeles.
    guard
      case .closed(.legalHours(_, let zone, _), let opensAt) = try verdict(
        "2026-03-02T13:30:00Z", wide, "US", "America/New_York", "America/Los_Angeles")
    else {
      Issue.record("open at night in Los Angeles")
      return
    }
    #expect(zone == "America/Los_Angeles")
    #expect(try opensAt == at("2026-03-02T16:00:00Z"))
  }

  @Test func anUnknownPlaceIsNeverCalled() throws {
    #expect(try verdict("2026-03-02T15:00:00Z", .standard, "US") == .closed(.zoneUnknown, opensAt: nil))
  }

  @Test func windowsThatTheLawForbidsNeverOpen() throws {
    let sunday = try CallWindows([CallWindow(weekday: 7, startMinute: 600, endMinute: 700)])
    guard case .closed(_, nil) = try verdict("2026-03-02T15:00:00Z", sunday, "AU", "Australia/Sydney") else {
      Issue.record("opens on a Sunday")
      return
    }
  }

  @Test func anEdgeInAGapMovesBehindIt() throws {
    // New York jumps from 2 to 3 on Sunday 2026-03-08, at 07:00 UTC.
    let windows = try CallWindows([CallWindow(weekday: 7, startMinute: 150, endMinute: 300)])
    let newYork = try zones("America/New_York")
    #expect(try windows.nextOpening(after: at("2026-03-08T00:00:00Z"), zones: newYork) == at("2026-03-08T07:00:00Z"))
    let inside = try CallWindows([CallWindow(weekday: 7, startMinute: 125, endMinute: 175)])
    #expect(try inside.nextOpening(after: at("2026-03-08T00:00:00Z"), zones: newYork) == at("2026-03-15T06:05:00Z"))
  }

  @Test func anEdgeInAnOverlapIsReadStrictly() throws {
    // New York repeats 1 to 2 on Sunday 2026-11-01: 05:00 and 06:00 UTC.
    let newYork = try zones("America/New_York")
    let late = try CallWindows([CallWindow(weekday: 7, startMinute: 90, endMinute: 300)])
    #expect(try late.nextOpening(after: at("2026-11-01T00:00:00Z"), zones: newYork) == at("2026-11-01T06:30:00Z"))
    let early = try CallWindows([CallWindow(weekday: 7, startMinute: 30, endMinute: 90)])
    #expect(try early.isOpen(at: at("2026-11-01T05:29:00Z"), zones: newYork))
    #expect(try !early.isOpen(at: at("2026-11-01T05:30:00Z"), zones: newYork))
    #expect(try !early.isOpen(at: at("2026-11-01T06:15:00Z"), zones: newYork))
  }

  @Test func avoidingATimeOfDayLeavesTheRest() throws {
    let window = DialWindow(windows: .standard, envelope: .unitedStates)
    let morning = try #require(MinuteRange(start: 540, end: 720))
    let newYork = try zones("America/New_York")
    #expect(
      try window.avoiding(morning).nextOpening(after: at("2026-03-02T14:00:00Z"), zones: newYork)
        == at("2026-03-02T18:00:00Z"))
    let wholeDay = try #require(MinuteRange(start: 0, end: 1_440))
    #expect(window.avoiding(wholeDay) == window)
  }

  @Test func hoursWithoutEndHaveAnEnd() throws {
    let rule = LegalEnvelope(
      region: "XX", rule: "always",
      hours: Dictionary(uniqueKeysWithValues: (1...7).map { ($0, MinuteRange(start: 0, end: 1_440)) }).compactMapValues(
        \.self))
    let window = DialWindow(windows: try CallWindows(allDay), envelope: rule)
    let now = try at("2026-03-02T15:00:00Z")
    guard case .open(let until) = window.verdict(at: now, zones: try zones("UTC")) else {
      Issue.record("closed")
      return
    }
    #expect(until > now + .seconds(6 * 86_400))
  }
}
