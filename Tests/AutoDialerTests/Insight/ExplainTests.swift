import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

@Suite struct ExplainTests {
  private func explain(
    _ lead: Int, of campaign: DialStore.KnownCampaign, _ dialers: Dialers, at instant: Instant? = nil,
    now: Instant = Dialers.monday
  ) async throws -> LeadExplanation {
    var request = ExplainLeadRequest()
    request.campaignId = campaign.rules.campaign.description
    request.leadId = Dialers.lead(lead).leadId
    request.at = instant.map(Timestamp.init)
    return try await InsightRPC(store: dialers.store, clock: ManualClock(now)).explainLead(
      request, context: CallContext(tenant: dialers.tenant.description))
  }

  @Test func aLeadIsExplainedNowAheadAndInThePast() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let now = try await explain(1, of: campaign, dialers)
      #expect(now.verdict == .dial && now.basis == .present && now.policyVersion == 1)
      #expect(now.numbers.count == 1 && now.numbers[0].findings.contains { $0.rule == "hours" && $0.passed })
      #expect(now.numbers[0].zones == ["America/New_York"])

      let night = Dialers.monday + .hours(12)
      let ahead = try await explain(1, of: campaign, dialers, at: night)
      #expect(ahead.verdict == .wait && ahead.basis == .future && ahead.reason == "legal_hours")
      #expect(ahead.nextAt == Timestamp(Dialers.monday + .hours(23)))

      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      let flight = try await explain(1, of: campaign, dialers, now: Dialers.monday + .seconds(5))
      #expect(flight.verdict == .inFlight && flight.attempts.map(\.permit?.evidence) == [attempt.permit.evidence])
      try await dialers.settle(attempt, .noAnswer, of: campaign, at: Dialers.monday + .seconds(40))

      let later = Dialers.monday + .days(10)
      let before = try await explain(1, of: campaign, dialers, at: Dialers.monday - .seconds(1), now: later)
      #expect(before.verdict == .unknownThen && before.basis == .past)
      let during = try await explain(1, of: campaign, dialers, at: Dialers.monday + .seconds(10), now: later)
      #expect(during.verdict == .inFlight && during.attempts.count == 1)
      let after = try await explain(1, of: campaign, dialers, at: Dialers.monday + .minutes(10), now: later)
      #expect(after.verdict == .wait && after.reason == "retry")
      #expect(after.nextAt == Timestamp(Dialers.monday + .seconds(40) + .hours(1)))
    }
  }

  @Test func whatACampaignAndALeadWereThenIsWhatCounts() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      let noon = Dialers.monday + .hours(2)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      var moved = Dialers.lead(1)
      moved.campaignId = campaign.rules.campaign.description
      moved.timeZone = "America/Los_Angeles"
      try await dialers.pool.transaction(name: "update") { transaction in
        try await dialers.store.take(moved, tenant: dialers.tenant, now: noon, in: transaction)
      }
      var paused = Campaign()
      paused.campaignId = campaign.rules.campaign.description
      paused.state = .paused
      paused.policy = campaign.policy
      paused.policyVersion = 2
      try await dialers.take(paused, at: noon)
      let later = noon + .days(1)
      let then = try await explain(1, of: campaign, dialers, at: Dialers.monday + .minutes(5), now: later)
      #expect(then.verdict == .dial && then.policyVersion == 1 && then.campaignState == .active)
      #expect(then.numbers.first?.zones == ["America/New_York"])
      let since = try await explain(1, of: campaign, dialers, at: noon + .minutes(5), now: later)
      #expect(since.reason == "campaign_paused" && since.policyVersion == 2 && since.nextAt == nil)
      // Number and zone disagree: either may be true.
      #expect(Set(since.numbers.first?.zones ?? []) == ["America/Los_Angeles", "America/New_York"])
    }
  }

  /// Gates that others add show by themselves, and the past is that of the lists.
  @Test func aListedNumberIsExplainedFromWhenOnItWasListed() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let listed = Dialers.monday + .minutes(10)
      _ = try await dialers.store.addDoNotCall(
        .init(number: Dialers.lead(1).phone, reason: "asked"), to: .of(dialers.tenant), source: .api, actor: "test",
        now: listed)
      let later = listed + .minutes(10)
      let now = try await explain(1, of: campaign, dialers, now: later)
      #expect(now.verdict == .never && now.reason == "do_not_call" && now.nextAt == nil)
      #expect(now.numbers.first?.findings.first { $0.rule == "do_not_call" }?.passed == false)
      let before = try await explain(1, of: campaign, dialers, at: Dialers.monday + .minutes(5), now: later)
      #expect(before.verdict == .dial)
    }
  }

  @Test func anAnswerThatIsAwaitedHasNoTime() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      var lead = Dialers.lead(1)
      lead.phone = "+61299991234"  // Must be washed, and nobody can be asked.
      let day = Dialers.monday + .hours(9)  // Tuesday, 11:00 in Sydney.
      try await dialers.add([lead], to: campaign, at: day)
      let answer = try await explain(1, of: campaign, dialers, now: day)
      #expect(answer.verdict == .wait && answer.reason == "wash_unavailable" && answer.nextAt == nil)
    }
  }

  /// The answer of a campaign's own system is about this lead, also in the past.
  @Test func anEligibilityAnswerCountsInThePast() async throws {
    try await Dialers.with(gate: ClearanceGate(canWash: false, canSign: true)) { dialers in
      var policy = Dialers.policy
      policy.eligibilityUrl = "https://example.com/eligible"
      let campaign = try await dialers.campaign(policy)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      #expect(try await explain(1, of: campaign, dialers).reason == "needs_eligibility")
      #expect(try await dialers.claim(campaign).attempts.isEmpty)  // Writes the question down.
      let asked = try #require(
        try await dialers.store.takeQuestions(.eligibility, most: 1, seconds: 30, now: Dialers.monday).first)
      let yes = Clearance(
        verdict: .clear, reason: "", checkedAt: Dialers.monday, expiresAt: Dialers.monday + .hours(2))
      try await dialers.store.answer([(asked, yes)], kind: .eligibility, now: Dialers.monday)
      let then = try await explain(
        1, of: campaign, dialers, at: Dialers.monday + .minutes(10), now: Dialers.monday + .hours(1))
      #expect(then.verdict == .dial, "\(then.summary)")
    }
  }

  @Test func aLimitThatBindsIsNamed() async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxCallsPerDay = 1
      let campaign = try await dialers.campaign(policy)
      try await dialers.add([Dialers.lead(1), Dialers.lead(2)], to: campaign)
      let claimed = try #require(try await dialers.claim(campaign).attempts.first)
      let other = claimed.permit.leadId == Dialers.lead(1).leadId ? 2 : 1
      let now = try await explain(other, of: campaign, dialers)
      #expect(now.verdict == .wait && now.reason == "calls_per_day" && now.limit?.callsLeft == 0)
      let tomorrow = try await explain(other, of: campaign, dialers, at: Dialers.monday + .days(1))
      #expect(tomorrow.verdict == .dial)
    }
  }

  @Test func whatIsNotThereIsNotFound() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      let error = await #expect(throws: RPCError.self) { try await explain(7, of: campaign, dialers) }
      #expect(error?.code == .notFound)
    }
  }

  @Test func aCampaignIsExplainedByCounts() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<6).map(Dialers.lead), to: campaign)
      var west = Dialers.lead(6)
      west.phone = "+13105551006"  // Still asleep.
      var nowhere = Dialers.lead(7)
      nowhere.timeZone = "Mars/Olympus_Mons"
      try await dialers.add([west, nowhere], to: campaign)
      let claim = try await dialers.claim(campaign, most: 3)
      try await dialers.settle(claim.attempts[0], .noAnswer, of: campaign)
      try await dialers.settle(claim.attempts[1], .qualified, of: campaign)
      var request = ExplainCampaignRequest()
      request.campaignId = campaign.rules.campaign.description
      let answer = try await InsightRPC(store: dialers.store, clock: ManualClock(Dialers.monday)).explainCampaign(
        request, context: CallContext(tenant: dialers.tenant.description))
      #expect([answer.leads, answer.waiting, answer.due, answer.inFlight] == [8, 5, 3, 1])
      #expect(answer.done.map { "\($0.reason) \($0.leads)" } == ["qualified 1", "zone_unknown 1"])
      #expect(answer.waits.map { "\($0.kind) \($0.leads)" } == ["retry 1", "window 1"])
      #expect(answer.dueReasons.map { "\($0.reason) \($0.leads)" } == ["may_be_called 3"])
      #expect(answer.dueExamined == 3 && answer.summary.hasPrefix("it dials: 3 leads are due"))
    }
  }
}
