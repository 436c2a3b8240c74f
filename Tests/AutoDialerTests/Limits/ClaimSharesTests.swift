import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct ClaimSharesTests {
  private let tenant = TenantID.standard

  private func demand(_ campaign: CampaignID, tenant: TenantID? = nil, wanted: Int = 100) -> ClaimShares.Demand {
    ClaimShares.Demand(campaign: campaign, tenant: tenant ?? self.tenant, provider: "twilio", wanted: wanted)
  }

  @Test func whereNothingIsLimitedEverybodyGetsAWholeBatch() {
    var shares = ClaimShares()
    let campaigns = (0..<3).map { _ in CampaignID.random() }
    let round = shares.round(campaigns.map { demand($0) }, within: .init())
    #expect(campaigns.map { round[$0] } == [100, 100, 100])
  }

  @Test func theTighterOfTenantAndProviderIsShared() {
    var shares = ClaimShares()
    let campaigns = (0..<4).map { _ in CampaignID.random() }
    let other = TenantID.random()
    let demands = campaigns.prefix(3).map { demand($0) } + [demand(campaigns[3], tenant: other)]
    var headroom = ClaimShares.Headroom(
      tenants: [tenant: 60], accounts: [.init(tenant: tenant, provider: "twilio"): 30])
    #expect(campaigns.map { shares.round(demands, within: headroom)[$0] } == [10, 10, 10, 100])
    headroom.accounts = [:]
    #expect(campaigns.map { shares.round(demands, within: headroom)[$0] } == [20, 20, 20, 100])
    headroom.tenants[tenant] = -5
    #expect(campaigns.map { shares.round(demands, within: headroom)[$0] } == [0, 0, 0, 100])
  }

  /// A small campaign beside big ones, in the database: it is claimed within as many rounds as there are campaigns.
  @Test func aSmallCampaignHasItsTurnBesideBigOnes() async throws {
    try await Dialers.with { dialers in
      let zone = try #require(TimeZoneRules.named("UTC"))
      try await dialers.store.setTenantLimit(
        dialers.tenant, zone: zone, maxCallsPerDay: nil, maxConcurrentCalls: 2)
      var campaigns: [DialStore.KnownCampaign] = []
      for index in 0..<5 {
        let campaign = try await dialers.campaign()
        try await dialers.add((0..<(index == 4 ? 1 : 40)).map(Dialers.lead), to: campaign)
        campaigns.append(campaign)
      }
      var rounds = ClaimRounds()
      var rest = campaigns.count
      var claimed = false
      while !claimed, rest > 0 {
        rest -= 1
        let headroom = try await dialers.store.headroom(for: campaigns, now: Dialers.monday)
        #expect(headroom.tenants[dialers.tenant] == 2 && headroom.accounts.isEmpty)
        let shares = rounds.share(campaigns, most: 100, within: headroom)
        #expect(shares.values.reduce(0, +) == 2)
        for campaign in campaigns {
          let share = shares[campaign.rules.campaign] ?? 0
          guard share > 0 else { continue }
          let claim = try await dialers.claim(campaign, most: share)
          rounds.note(campaign.rules.campaign, claim, hasMore: claim.taken == share)
          claimed = claimed || campaign.rules.campaign == campaigns[4].rules.campaign
          for attempt in claim.attempts { try await dialers.settle(attempt, .notInterested, of: campaign) }
        }
      }
      #expect(claimed)
    }
  }

  @Test func headroomCountsWhatIsInUse() async throws {
    try await Dialers.with { dialers in
      try await dialers.store.setProviderLimit(
        "twilio", tenant: dialers.tenant, maxConcurrentCalls: 20, inboundPercent: 10, maxCallsPerMinute: 15)
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<40).map(Dialers.lead), to: campaign)
      _ = try await dialers.claim(campaign, most: 5)
      let account = ClaimShares.Account(tenant: dialers.tenant, provider: "twilio")
      func room(_ now: Instant) async throws -> Int? {
        try await dialers.store.headroom(for: [campaign], now: now).accounts[account]
      }
      #expect(try await room(Dialers.monday) == 10)
      #expect(try await room(Dialers.monday + .minutes(1)) == 13)
    }
  }
}
