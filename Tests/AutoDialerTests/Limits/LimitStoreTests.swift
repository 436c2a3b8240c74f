import Core
import Postgres
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

@Suite struct LimitStoreTests {
  private let now = Dialers.monday
  private let utc = "UTC"

  private func utcZone() throws -> TimeZoneRules { try #require(TimeZoneRules.named(utc)) }

  private func policy(_ change: (inout CampaignPolicy) -> Void) -> CampaignPolicy {
    var policy = Dialers.policy
    change(&policy)
    return policy
  }

  private func blocked(_ dialers: Dialers) async throws -> [CampaignBlocked] {
    let query = NamedQuery(
      name: "blocked", sql: "select payload from event where type like '%CampaignBlocked' order by id")
    return try await dialers.pool.query(query).map { try CampaignBlocked.decode($0.get("payload", as: [UInt8].self)) }
  }

  @Test func aTenantsDayIsSharedByItsCampaigns() async throws {
    try await Dialers.with { dialers in
      try await dialers.store.setTenantLimit(
        dialers.tenant, zone: utcZone(), maxCallsPerDay: 5, maxConcurrentCalls: nil)
      let campaigns = [try await dialers.campaign(), try await dialers.campaign()]
      for campaign in campaigns { try await dialers.add((0..<10).map(Dialers.lead), to: campaign) }
      let first = try await dialers.claim(campaigns[0], most: 3)
      let second = try await dialers.claim(campaigns[1], most: 3)
      #expect(first.attempts.count == 3 && second.attempts.count == 2)
      #expect(try await dialers.claim(campaigns[1]).limit == .tenantCallsPerDay)
      // What never left is not counted.
      try await dialers.store.withdraw(first.attempts[0].call, tenant: dialers.tenant, now: now)
      #expect(try await dialers.claim(campaigns[1]).attempts.count == 1)
      let tomorrow = now + .days(1)
      #expect(try await dialers.claim(campaigns[0], at: tomorrow).attempts.count == 5)
    }
  }

  /// Instances whose clocks differ: the one that is behind counts into the minute or day that the other has begun, and does
  /// not begin the old one anew.
  @Test func aClockThatIsBehindBeginsNothingAnew() async throws {
    try await Dialers.with { dialers in
      try await dialers.store.setTenantLimit(
        dialers.tenant, zone: utcZone(), maxCallsPerDay: 12, maxConcurrentCalls: nil)
      try await dialers.store.setProviderLimit(
        "twilio", tenant: dialers.tenant, maxConcurrentCalls: nil, inboundPercent: nil, maxCallsPerMinute: 5)
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<40).map(Dialers.lead), to: campaign)
      let ahead = now + .minutes(1)
      #expect(try await dialers.claim(campaign, at: ahead, most: 3).attempts.count == 3)
      #expect(try await dialers.claim(campaign, at: now).attempts.count == 2)
      for instant in [now, ahead, now] {
        #expect(try await dialers.claim(campaign, at: instant).limit == .providerCallsPerMinute)
      }
      let headroom = try await dialers.store.headroom(for: [campaign], now: now)
      #expect(headroom.accounts.values.allSatisfy { $0 == 0 })
      let tomorrow = now + .days(1)
      #expect(try await dialers.claim(campaign, at: tomorrow).attempts.count == 5)
      #expect(try await dialers.claim(campaign, at: tomorrow + .minutes(1)).attempts.count == 5)
      #expect(try await dialers.claim(campaign, at: tomorrow + .minutes(2)).attempts.count == 2)
      #expect(try await dialers.claim(campaign, at: now).attempts.isEmpty)
      #expect(try await dialers.claim(campaign, at: tomorrow + .minutes(3)).limit == .tenantCallsPerDay)
    }
  }

  @Test func callsAtOnceAreCountedByTenantAndProvider() async throws {
    try await Dialers.with { dialers in
      try await dialers.store.setProviderLimit(
        "twilio", tenant: dialers.tenant, maxConcurrentCalls: 10, inboundPercent: 20, maxCallsPerMinute: nil)
      let campaigns = [try await dialers.campaign(), try await dialers.campaign()]
      for campaign in campaigns { try await dialers.add((0..<10).map(Dialers.lead), to: campaign) }
      let claim = try await dialers.claim(campaigns[0], most: 6)
      #expect(claim.attempts.count == 6)
      #expect(try await dialers.claim(campaigns[1]).attempts.count == 2)
      #expect(try await dialers.claim(campaigns[0]).limit == .providerConcurrency)
      try await dialers.settle(claim.attempts[0], .noAnswer, of: campaigns[0])
      #expect(try await dialers.claim(campaigns[1]).attempts.count == 1)
      let standings = try await dialers.store.standings(tenant: dialers.tenant, provider: "twilio", now: now)
      #expect(standings.provider.live == 8 && standings.tenant.standing.live == 8)
      #expect(standings.tenant.standing.dayCalls == 9)
    }
  }

  /// Instances that claim at the same time stay within every cap together.
  @Test func instancesTogetherStayWithinTheCaps() async throws {
    try await Dialers.with { dialers in
      try await dialers.store.setTenantLimit(
        dialers.tenant, zone: utcZone(), maxCallsPerDay: 70, maxConcurrentCalls: 60)
      try await dialers.store.setProviderLimit(
        "twilio", tenant: dialers.tenant, maxConcurrentCalls: nil, inboundPercent: nil, maxCallsPerMinute: 55)
      var campaigns: [DialStore.KnownCampaign] = []
      for _ in 0..<4 {
        let campaign = try await dialers.campaign()
        try await dialers.add((0..<40).map(Dialers.lead), to: campaign)
        campaigns.append(campaign)
      }
      try await withThrowingTaskGroup { group in
        for _ in 0..<6 {
          group.addTask { [campaigns] in
            for campaign in campaigns { _ = try await dialers.claim(campaign, most: 7) }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await dialers.count("select 1 from attempt") <= 55)
      while try await campaigns.asyncMap({ try await dialers.claim($0).attempts.count }).reduce(0, +) > 0 {}
      #expect(try await dialers.count("select 1 from attempt") == 55)
    }
  }

  @Test func aBudgetIsReservedBeforeAndSettledAfter() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign(
        policy {
          $0.budgetMicros = 1_000_000
          $0.expectedCallCostMicros = 300_000
        })
      try await dialers.add((0..<20).map(Dialers.lead), to: campaign)
      let claim = try await dialers.claim(campaign)
      #expect(claim.attempts.count == 3)
      #expect(try await dialers.claim(campaign).limit == .budget)
      #expect(try await blocked(dialers).isEmpty)  // Those in flight may turn out cheap.
      try await dialers.settle(claim.attempts[0], .noAnswer, of: campaign, costMicros: 20_000)
      try await dialers.store.withdraw(claim.attempts[1].call, tenant: dialers.tenant, now: now)
      var budget = try await dialers.store.budget(campaign.rules)
      #expect(budget.spent == 20_000 && budget.reserved == 300_000)
      let more = try await dialers.claim(campaign)
      #expect(more.attempts.count == 2)
      for attempt in [claim.attempts[2]] + more.attempts {
        try await dialers.settle(attempt, .noAnswer, of: campaign, costMicros: 250_000)
      }
      budget = try await dialers.store.budget(campaign.rules)
      #expect(budget.spent == 770_000 && budget.reserved == 0)
      for _ in 0..<3 { #expect(try await dialers.claim(campaign).limit == .budget) }
      let events = try await blocked(dialers)
      #expect(events.count == 1)
      #expect(events.first?.reason == "budget_exceeded" && events.first?.until == nil)
    }
  }

  /// Seed 6000012: the budget had been raised too little, nobody heard of it, and the campaign stood still for ever.
  @Test func whoResumesACampaignWithTooLittleBudgetHearsOfItAgain() async throws {
    try await Dialers.with { dialers in
      let tight = policy {
        $0.budgetMicros = 100_000
        $0.expectedCallCostMicros = 300_000
      }
      let campaign = try await dialers.campaign(tight)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      for _ in 0..<2 { #expect(try await dialers.claim(campaign).limit == .budget) }
      #expect(try await blocked(dialers).count == 1)
      var known = Campaign(campaignId: campaign.rules.campaign.description, policy: tight, policyVersion: 1)
      for state in [CampaignState.paused, .active] {
        known.state = state
        try await dialers.take(known)
      }
      for _ in 0..<2 { #expect(try await dialers.claim(campaign).limit == .budget) }
      #expect(try await blocked(dialers).count == 2)
    }
  }

  @Test func withoutAPriceTheRateCardReservesTheLongestCall() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign(policy { $0.budgetMicros = 400_000 })
      try await dialers.add((0..<20).map(Dialers.lead), to: campaign)
      #expect(try await dialers.claim(campaign).attempts.count == 2)  // Two minutes at $0.09 each.
    }
  }

  @Test func aProviderThatIsHeldWaitsAndIsToldOfWhenItLasts() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<20).map(Dialers.lead), to: campaign)
      var at = now
      for _ in 0..<12 {
        try await dialers.store.hold(
          "twilio", tenant: dialers.tenant, until: at + .seconds(30), reason: .providerThrottled, now: at)
        #expect(try await dialers.claim(campaign, at: at).limit == .providerHeld)
        at += .seconds(30)
      }
      let events = try await blocked(dialers)
      #expect(events.map(\.reason) == ["provider_throttled"] && events.first?.until != nil)
      #expect(try await dialers.claim(campaign, at: at).attempts.count == 20)
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
