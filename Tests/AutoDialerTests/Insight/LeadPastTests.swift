import Core
import Telephony
import Testing

@testable import AutoDialer

/// A lead's place in the queue at an instant that is over, computed again from what was kept.
@Suite struct LeadPastTests {
  private let lead = LeadID(UniqueID(high: 1, low: 1))

  private func rules(_ hours: ClosedRange<Int>) throws -> CampaignRules {
    CampaignRules(
      tenant: .standard, campaign: CampaignID(UniqueID(high: 1, low: 2)), policyVersion: 1, callType: .qualifyLead,
      hours: DialWindows(
        try CallWindows(
          (1...7).map {
            CallWindow(weekday: $0, startMinute: hours.lowerBound * 60, endMinute: hours.upperBound * 60)
          })),
      zone: try #require(TimeZoneRules.named("America/New_York")), retries: .standard, maxCallsPerLead: 3,
      maxConcurrentCalls: 3, callerIDs: ["+15005550006"])
  }

  private func instant(_ text: String) throws -> Instant { try #require(Instant(rfc3339: text)) }

  @Test func aRetryIsJudgedByTheRulesOfItsDayAndMovedByEveryEditSince() throws {
    let callee = Callee(
      numbers: [
        .init(index: 0, phone: "+12125550123", place: LeadPlace("+12125550123"), consent: .unknown)
      ], joinedAt: Dialers.monday)
    // Nobody answers at ten in New York: again after an hour. Meanwhile evenings only are allowed, then the day again:
    // the queue leaves the retry where the first edit put it.
    let past = LeadPast(
      lead: lead, callee: callee,
      attempts: [
        .init(
          number: 1, rank: 1, phone: "+12125550123", grantedAt: try instant("2026-03-02T15:00:00Z"), isWithdrawn: false,
          endedAt: try instant("2026-03-02T15:01:00Z"), outcome: .noAnswer, isPermanentFailure: false)
      ])
    let (day, evening) = (try rules(8...21), try rules(17...21))
    let versions = [
      LeadPast.Version(from: Dialers.monday, rules: day),
      LeadPast.Version(from: try instant("2026-03-02T15:30:00Z"), rules: evening),
      LeadPast.Version(from: try instant("2026-03-02T15:40:00Z"), rules: day),
    ]
    func dueAt(_ now: String, _ count: Int) throws -> Instant? {
      let known = Array(versions.prefix(count))
      let standing = past.standing(
        at: try instant(now), campaignIsOver: false, rules: try #require(known.last).rules, versions: known)
      guard case .waiting(let entry) = standing else { return nil }
      return entry.dueAt
    }
    #expect(try dueAt("2026-03-02T15:20:00Z", 1) == (try instant("2026-03-02T16:01:00Z")))
    #expect(try dueAt("2026-03-02T15:35:00Z", 2) == (try instant("2026-03-02T22:00:00Z")))
    #expect(try dueAt("2026-03-02T17:00:00Z", 3) == (try instant("2026-03-02T22:00:00Z")))
  }
}
