import CampaignTerms
import Core
import Metrics
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

/// What a forecast reads from the dialer's schema.
@Suite struct ForecastStoreTests {
  private func ground(
    _ dialers: Dialers, _ campaign: DialStore.KnownCampaign, policy: CampaignPolicy? = nil,
    at now: Instant = Dialers.monday
  ) async throws -> ForecastGround {
    try #require(
      try await dialers.store.forecastGround(
        campaign.rules.campaign, tenant: dialers.tenant, terms: policy.map { try CampaignTerms($0) }, provider: "",
        now: now))
  }

  private static func lead(_ number: Int, phone: String) -> Lead {
    var lead = Dialers.lead(number)
    lead.phone = phone
    return lead
  }

  @Test func leadsThatAreAlikeAreOneGroup() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      var late = Dialers.lead(20)
      late.notAfter = Timestamp(Dialers.monday + .hours(5))
      let west = (10..<13).map { Self.lead($0, phone: "+1310555\(1000 + $0)") }
      try await dialers.add((0..<10).map(Dialers.lead) + west + [late], to: campaign)
      let ground = try await ground(dialers, campaign)
      #expect(ground.census.leads == 14 && ground.census.never.isEmpty)
      #expect(ground.census.groups.map(\.count).sorted() == [1, 3, 10])
      let group = try #require(ground.census.groups.first { $0.count == 3 })
      #expect(group.entry.dueAt == Dialers.monday + .hours(2) && group.callee.numbers[0].phone == "0")
      #expect(ground.census.groups.compactMap(\.expiresAt) == [Dialers.monday + .hours(5)])
    }
  }

  @Test func whoMayNeverBeCalledIsLeftOutWithTheReason() async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.requiredConsent = .express
      let campaign = try await dialers.campaign(policy)
      let leads = (0..<8).map { number in
        var lead = Dialers.lead(number)
        lead.consent = number == 0 ? .unspecified : number == 1 ? .withdrawn : .express
        return lead
      }
      var nowhere = Dialers.lead(9)
      nowhere.timeZone = "Mars/Base"
      try await dialers.add(leads + [nowhere], to: campaign)
      try await dialers.pool.transaction(name: "list") { transaction in
        _ = try await dialers.store.addDoNotCall(
          [.init(number: leads[2].phone, reason: "asked")], to: .of(dialers.tenant), source: .api, actor: "test",
          now: Dialers.monday, in: transaction)
      }
      let ground = try await ground(dialers, campaign)
      #expect(ground.census.never.mapValues(\.leads) == ["no_consent": 1, "consent_withdrawn": 1, "do_not_call": 1])
      #expect(ground.census.never["do_not_call"]?.examples.map(\.description) == [leads[2].leadId])
      #expect(ground.census.groups.map(\.count) == [5])
      // Found when it came.
      #expect(ground.endedUncalled.mapValues(\.leads) == ["zone_unknown": 1])
    }
  }

  @Test func callsThatWereMadeCountForTheNext() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<5).map(Dialers.lead), to: campaign)
      let attempts = try await dialers.claim(campaign).attempts
      try await dialers.settle(attempts[0], .noAnswer, of: campaign)
      try await dialers.settle(attempts[1], .busy, of: campaign)
      try await dialers.settle(attempts[2], .qualified, of: campaign)
      let ground = try await ground(dialers, campaign)
      #expect(ground.census.leads == 4)
      let inFlight = ground.census.groups.filter(\.isInFlight)
      #expect(inFlight.map(\.count) == [2] && inFlight[0].calls.isEmpty && inFlight[0].entry.attempts == 1)
      let retries = ground.census.groups.filter { !$0.isInFlight }
      #expect(Set(retries.map(\.calls)) == [[ForecastPast(outcome: .noAnswer)], [ForecastPast(outcome: .busy)]])
      #expect(retries.allSatisfy { $0.entry.made == 1 && $0.entry.rank == 7 })
    }
  }

  @Test func aThoughtOfPolicyMovesLeadsAndLimitsButChangesNothing() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<3).map(Dialers.lead), to: campaign)
      var policy = campaign.policy
      policy.callerIds = ["+15005550001"]
      (policy.maxCallsPerDay, policy.budgetMicros) = (7, 1_000_000)
      policy.callWindows = (Int32(1)...5).map { weekday in
        var window = RingmasterMessages.CallWindow()
        (window.weekday, window.startMinute, window.endMinute) = (weekday, 14 * 60, 15 * 60)
        return window
      }
      let ground = try await ground(dialers, campaign, policy: policy)
      #expect(ground.rules.maxCallsPerDay == 7 && ground.limits.circumstances.budget.limit == 1_000_000)
      #expect(ground.known.rules.maxCallsPerDay == nil)
      #expect(try await dialers.count("select 1 from caller_id where number = '+15005550001'") == 0)
    }
  }

  @Test func aCampaignLearnsFromItsOwnCalls() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<150).map(Dialers.lead), to: campaign)
      let attempts = try await dialers.claim(campaign, most: 120).attempts
      for attempt in attempts.prefix(99) {
        try await dialers.settle(attempt, .qualified, of: campaign, costMicros: 1_000)
      }
      #expect(try await ground(dialers, campaign).experience == nil)
      try await dialers.settle(attempts[99], .busy, of: campaign)
      let own = try #require(try await ground(dialers, campaign).experience)
      #expect(own.isOwn && own.calls.calls == 100 && own.calls.spentMicros == 99_000)
      let other = try await dialers.campaign()
      let lent = try #require(try await ground(dialers, other).experience)
      #expect(!lent.isOwn && lent.calls.rows == own.calls.rows)
    }
  }

  /// What is read off a lead's bytes is what the dialer makes of the whole lead.
  @Test(arguments: Array(UInt64(0)..<20)) func outlinesTellLeadsApart(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func one<T>(_ choices: [T]) -> T { choices[Int.random(in: choices.indices, using: &generator)] }
    var reach: [[UInt8]: [LeadPlace]] = [:]
    for number in 0..<400 {
      var lead = Dialers.lead(number)
      lead.phone = "+1\(one([212, 907, 850, 812, 402, 310]))\(Int.random(in: 2_340_000...9_989_999, using: &generator))"
      lead.timeZone = one(["", "", "America/Chicago"])
      lead.attributes = ["note": String(repeating: "é", count: Int.random(in: 0...90, using: &generator))]
      if one([true, false]) {
        var address = RingmasterMessages.LeadAddress()
        (address.country, address.subdivision) = ("US", one(["NY", "FL"]))
        lead.address = address
      }
      if one([true, false, false]) {
        var further = LeadNumber()
        further.phone = one(["+61412345678", "+442079460000"])
        lead.numbers = [further]
      }
      lead.notAfter = one([nil, Timestamp(Dialers.monday + .hours(number))])
      let bytes = lead.encoded()
      let outline = bytes.withUnsafeBytes { LeadOutline($0) }
      #expect(outline.notAfter == lead.notAfter?.instant)
      let places = Callee(lead, joinedAt: Dialers.monday).numbers.map(\.place)
      #expect(reach[outline.key, default: places] == places, "\(lead.phone)")
      reach[outline.key] = places
    }
    #expect(reach.count < 250)
  }
}
