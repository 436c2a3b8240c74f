import Core
import Postgres
import RingmasterMessages
import TestSupport
import Testing
import Wire

@testable import AutoDialer

/// Campaigns that change while many of their leads wait.
@Suite struct SweepTests {
  private static let leads = 7

  /// A campaign whose leads are gone through two at a time.
  private func withCampaign(
    _ body: (Dialers, DialStore.KnownCampaign) async throws -> Void
  ) async throws {
    try await Dialers.with { dialers in
      var dialers = dialers
      dialers.store.sweepPage = 2
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<Self.leads).map(Dialers.lead), to: campaign)
      try await body(dialers, campaign)
    }
  }

  private func sweep(_ dialers: Dialers, at now: Instant = Dialers.monday) async throws -> Int {
    var pages = 0
    while try await dialers.store.sweep(now: now) { pages += 1 }
    return pages
  }

  /// The campaign calls from `hour` on.
  private func open(
    from hour: Int32, _ dialers: Dialers, _ campaign: DialStore.KnownCampaign, version: Int32,
    at now: Instant = Dialers.monday
  ) async throws {
    var policy = campaign.policy
    policy.callWindows = Dialers.windows(hour...17)
    try await dialers.take(
      Campaign(
        campaignId: campaign.rules.campaign.description, state: .active, policy: policy, policyVersion: version),
      at: now)
  }

  /// Leads that wait for `hour`.
  private func waiting(for hour: Int, _ dialers: Dialers) async throws -> Int {
    try await dialers.count("select 1 from queue where (due_at at time zone 'America/New_York')::time = '\(hour):00'")
  }

  @Test func aCampaignThatIsCancelledEndsPageByPage() async throws {
    try await withCampaign { dialers, campaign in
      try await dialers.cancel(campaign)
      #expect(try await dialers.count("select 1 from queue") == Self.leads - 2)
      #expect(try await dialers.claim(campaign).attempts.isEmpty)
      #expect(try await sweep(dialers) == 3)
      #expect(try await dialers.count("select 1 from queue") == 0)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == Self.leads)
      #expect(try await dialers.count("select 1 from lead_end where reason = 'campaign_cancelled'") == Self.leads)
      #expect(try await dialers.count("select 1 from event where type like '%LeadFinished'") == Self.leads)
      #expect(try await dialers.count("select 1 from sweep") == 0)
    }
  }

  /// A second change begins anew, and the last one holds for all.
  @Test func newWindowsReachEveryLead() async throws {
    try await withCampaign { dialers, campaign in
      try await open(from: 12, dialers, campaign, version: 2)
      #expect(try await dialers.store.sweep(now: Dialers.monday))
      try await open(from: 13, dialers, campaign, version: 3, at: Dialers.monday + .seconds(1))
      #expect(try await sweep(dialers) == 3)
      #expect(try await waiting(for: 13, dialers) == Self.leads)
      #expect(try await dialers.count("select 1 from sweep") == 0)
    }
  }

  /// What is said of a lead whose page is still to come is what will be.
  @Test func aLeadIsExplainedAsIfItsPageHadCome() async throws {
    try await withCampaign { dialers, campaign in
      try await open(from: 12, dialers, campaign, version: 2)
      #expect(try await waiting(for: 12, dialers) == 2)
      for number in 0..<Self.leads {
        let insight = try await dialers.store.insight(
          into: #require(LeadID(Dialers.lead(number).leadId)), of: campaign.rules.campaign, tenant: dialers.tenant,
          at: Dialers.monday, now: Dialers.monday)
        guard case .waiting(let entry)? = insight?.standing else {
          Issue.record("lead \(number) does not wait")
          continue
        }
        #expect(entry.dueAt == Dialers.monday + .hours(2))
      }
    }
  }

  /// Neither waits for the other: a claim takes what it takes, and the rest is moved.
  @Test func whatAClaimTakesIsLeftToIt() async throws {
    try await withCampaign { dialers, campaign in
      let lead = Dialers.lead(3).leadId
      let store = dialers.store
      try await dialers.pool.transaction(name: "claim") { transaction in
        try await transaction.execute(
          NamedQuery(name: "take", sql: "select 1 from dialer.queue where lead_id = '\(lead)' for update"))
        try await open(from: 12, dialers, campaign, version: 2)
        while try await store.sweep(now: Dialers.monday) {}
      }
      #expect(try await waiting(for: 12, dialers) == Self.leads - 1)
    }
  }
}
