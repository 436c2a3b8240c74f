import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import TestSupport
import Testing
import Wire

@testable import AutoDialer

@Suite struct SchedulingTests {
  private func schedule(
    _ lead: Int, of campaign: DialStore.KnownCampaign, _ dialers: Dialers, at: Instant? = nil,
    notAfter: Instant? = nil, key: String = "", now: Instant = Dialers.monday
  ) async throws -> ScheduledCall {
    var request = ScheduleCallRequest()
    request.campaignId = campaign.rules.campaign.description
    request.leadId = Dialers.lead(lead).leadId
    request.at = at.map(Timestamp.init)
    request.notAfter = notAfter.map(Timestamp.init)
    request.reason = "she asked for it"
    let calls = ScheduledCalls(store: dialers.store, clock: ManualClock(now))
    return try await running([calls]) { [request] in
      try await rpc(dialers, now, calls).scheduleCall(
        request, context: CallContext(tenant: dialers.tenant.description, actor: "api:test", idempotencyKey: key))
    }
  }

  private func rpc(_ dialers: Dialers, _ now: Instant, _ calls: ScheduledCalls? = nil) -> SchedulingRPC {
    let clock = ManualClock(now)
    return SchedulingRPC(
      store: dialers.store, calls: calls ?? ScheduledCalls(store: dialers.store, clock: clock), clock: clock)
  }

  private func cancel(
    _ call: ScheduledCall, _ dialers: Dialers, now: Instant = Dialers.monday
  ) async throws -> ScheduledCall {
    var request = CancelScheduledCallRequest()
    request.scheduledCallId = call.scheduledCallId
    return try await rpc(dialers, now).cancelScheduledCall(
      request, context: CallContext(tenant: dialers.tenant.description))
  }

  private func only(_ campaign: DialStore.KnownCampaign, _ dialers: Dialers) async throws -> ScheduledCall {
    var request = ListScheduledCallsRequest()
    request.campaignId = campaign.rules.campaign.description
    let calls = try await rpc(dialers, Dialers.monday).listScheduledCalls(
      request, context: CallContext(tenant: dialers.tenant.description)
    ).calls
    return try #require(calls.count == 1 ? calls.first : nil)
  }

  private func refusal(_ body: () async throws -> ScheduledCall) async -> RPCError? {
    await #expect(throws: RPCError.self) { try await body() }
  }

  @Test func aCallForNowComesFirst() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<10).map(Dialers.lead), to: campaign)
      let call = try await schedule(7, of: campaign, dialers)
      #expect(call.state == .scheduled && call.dueAt == Timestamp(Dialers.monday) && call.dueReason.isEmpty)
      let claim = try await dialers.claim(campaign, most: 1)
      #expect(claim.attempts.map(\.permit.leadId) == [Dialers.lead(7).leadId])
      let placed = try await only(campaign, dialers)
      #expect(placed.state == .placed && placed.callId == claim.attempts[0].call.description)
      #expect(await refusal { try await cancel(call, dialers) }?.code == .failedPrecondition)
      #expect(try await dialers.count("select 1 from event where type like '%ScheduledCallChanged'") == 2)
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func oneForTheNightWaitsForTheMorningAndSaysWhy() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let night = Dialers.monday + .hours(12)
      let call = try await schedule(1, of: campaign, dialers, at: night)
      #expect(call.dueAt == Timestamp(Dialers.monday + .hours(23)) && call.dueReason == "legal_hours")
      #expect(try await dialers.claim(campaign).attempts.isEmpty)
      #expect(try await dialers.claim(campaign, at: Dialers.monday + .hours(23)).attempts.count == 1)
    }
  }

  @Test func oneThatCannotBeMadeInTimeIsRefusedAndTheQueueIsAsBefore() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let night = Dialers.monday + .hours(12)
      let error = await refusal {
        try await schedule(1, of: campaign, dialers, at: night, notAfter: night + .hours(1))
      }
      #expect(error?.code == .failedPrecondition)
      #expect(error?.message.contains("legal_hours") == true)
      #expect(try await dialers.claim(campaign).attempts.count == 1)
    }
  }

  @Test func theSameKeyAsksOnce() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1), Dialers.lead(2)], to: campaign)
      let first = try await schedule(1, of: campaign, dialers, key: "k1")
      #expect(try await schedule(1, of: campaign, dialers, key: "k1").scheduledCallId == first.scheduledCallId)
      #expect(await refusal { try await schedule(2, of: campaign, dialers, key: "k1") }?.code == .alreadyExists)
      #expect(await refusal { try await schedule(1, of: campaign, dialers, key: "k2") }?.code == .alreadyExists)
    }
  }

  @Test func aCancelledOneGivesTheLeadItsPlaceBack() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      try await dialers.settle(attempt, .noAnswer, of: campaign)
      let place = "select 1 from queue where rank <> 9 and due_at = '2026-03-02T16:00:00Z' and attempts = 1"
      #expect(try await dialers.count(place) == 1)
      let call = try await schedule(1, of: campaign, dialers, at: Dialers.monday + .days(1))
      #expect(try await dialers.count(place) == 0)
      #expect(try await cancel(call, dialers).state == .cancelled)
      #expect(try await cancel(call, dialers).state == .cancelled)  // Asked twice.
      #expect(try await dialers.count(place) == 1)
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func aLeadThatIsDoneIsReopenedWithinItsMaximum() async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxCallsPerLead = 2
      let campaign = try await dialers.campaign(policy)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let first = try #require(try await dialers.claim(campaign).attempts.first)
      #expect(await refusal { try await schedule(1, of: campaign, dialers) }?.message.contains("in a call") == true)
      try await dialers.settle(first, .qualified, of: campaign)
      _ = try await schedule(1, of: campaign, dialers)
      #expect(try await dialers.count("select 1 from event where type like '%LeadReopened'") == 1)
      #expect(try await dialers.lost() == 0)
      let second = try #require(try await dialers.claim(campaign).attempts.first)
      #expect(second.permit.attemptNumber == 2)
      try await dialers.settle(second, .noAnswer, of: campaign)
      let error = await refusal { try await schedule(1, of: campaign, dialers) }
      #expect(error?.message.contains("2 of 2 times") == true)
    }
  }

  @Test func whoeverOptedOutStaysDone() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let first = try #require(try await dialers.claim(campaign).attempts.first)
      try await dialers.settle(first, .notInterested, of: campaign, optedOut: true)
      #expect(await refusal { try await schedule(1, of: campaign, dialers) }?.message.contains("opted_out") == true)
    }
  }

  @Test func oneThatRunsOutIsMissedAndNeverPlaced() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let call = try await schedule(1, of: campaign, dialers, notAfter: Dialers.monday + .minutes(10))
      let late = Dialers.monday + .minutes(10)
      #expect(try await dialers.claim(campaign, at: late).attempts.isEmpty)
      #expect(try await dialers.store.expireScheduledCalls(most: 10, now: late) == 1)
      #expect(try await dialers.store.expireScheduledCalls(most: 10, now: late) == 0)
      let missed = try await only(campaign, dialers)
      #expect(missed.scheduledCallId == call.scheduledCallId)
      #expect(missed.state == .missed && missed.stateReason == "expired")
      #expect(try await dialers.claim(campaign, at: late).attempts.count == 1)  // In its own turn again.
    }
  }

  private func explain(
    _ lead: Int, of campaign: DialStore.KnownCampaign, _ dialers: Dialers, at instant: Instant, now: Instant
  ) async throws -> LeadExplanation {
    let insight = try await dialers.store.insight(
      into: #require(LeadID(Dialers.lead(lead).leadId)), of: campaign.rules.campaign, tenant: dialers.tenant,
      at: instant, now: now)
    return LeadExplanation(try #require(insight), at: instant)
  }

  /// Seed 7000119: it was said that a lead would never be called, and it was as soon as it had its place again.
  @Test func aLeadWhoseCallRanOutIsSaidToGoBackToItsPlace() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      let end = Dialers.monday + .minutes(10)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      try await dialers.settle(
        #require(try await dialers.claim(campaign).attempts.first), .unqualified, of: campaign)
      try await dialers.add([Dialers.lead(2)], to: campaign)
      for lead in 1...2 { _ = try await schedule(lead, of: campaign, dialers, notAfter: end) }
      let done = try await explain(1, of: campaign, dialers, at: end, now: end)
      #expect(done.verdict == .never && done.reason == "wish_expired")
      let waiting = try await explain(2, of: campaign, dialers, at: end, now: end)
      #expect(waiting.verdict == .wait && waiting.reason == "wish_expired" && waiting.nextAt == Timestamp(end))
      let ahead = try await explain(2, of: campaign, dialers, at: end, now: Dialers.monday)
      #expect(ahead.verdict == .dial)
      let evening = Dialers.monday + .hours(12)
      let closed = try await explain(2, of: campaign, dialers, at: evening, now: Dialers.monday)
      #expect(closed.verdict == .wait && (closed.nextAt?.instant ?? evening) > evening)
    }
  }

  @Test func oneWhoseCallNeverLeftIsStillToCome() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      _ = try await schedule(1, of: campaign, dialers, notAfter: Dialers.monday + .minutes(10))
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      #expect(attempt.permit.expiresAt == Timestamp(Dialers.monday + .minutes(5)))
      try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: Dialers.monday + .minutes(1))
      #expect(try await only(campaign, dialers).state == .scheduled)
      #expect(try await dialers.claim(campaign, at: Dialers.monday + .minutes(10)).attempts.isEmpty)
      let again = try await dialers.claim(campaign, at: Dialers.monday + .minutes(9))
      #expect(again.attempts.isEmpty)  // A lapsed one was put back for a minute.
      #expect(try await dialers.store.expireScheduledCalls(most: 10, now: Dialers.monday + .minutes(11)) == 1)
      #expect(try await only(campaign, dialers).state == .missed)
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func aCampaignThatIsStoppedMissesThem() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      _ = try await schedule(1, of: campaign, dialers, at: Dialers.monday + .hours(1))
      try await dialers.cancel(campaign)
      let missed = try await only(campaign, dialers)
      #expect(missed.state == .missed && missed.stateReason == "campaign_cancelled")
      let error = await refusal { try await schedule(1, of: campaign, dialers) }
      #expect(error?.message.contains("cancelled") == true)
    }
  }

  @Test func oneWhoseCallNeverLeftMissesTheEndOfItsCampaign() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      _ = try await schedule(1, of: campaign, dialers)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      try await dialers.cancel(campaign)
      try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: Dialers.monday)
      let missed = try await only(campaign, dialers)
      #expect(missed.state == .missed && missed.stateReason == "campaign_cancelled" && missed.callId.isEmpty)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
    }
  }

  private func wish(
    _ lead: LeadID, of campaign: DialStore.KnownCampaign, key: String = "", reason: String = "",
    at: Instant = Dialers.monday
  ) -> DialStore.WishedCall {
    DialStore.WishedCall(
      tenant: campaign.rules.tenant, campaign: campaign.rules.campaign, lead: lead, at: at, reason: reason,
      actor: "test",
      key: key)
  }

  private func lead(_ number: Int) throws -> LeadID { try #require(LeadID(Dialers.lead(number).leadId)) }

  /// What comes together is answered as if it had come one by one.
  @Test func wishesThatComeTogetherAreEachAnsweredForThemselves() async throws {
    try await Dialers.with { dialers in
      let first = try await dialers.campaign()
      let second = try await dialers.campaign()
      try await dialers.add((0..<5).map(Dialers.lead), to: first)
      try await dialers.add([Dialers.lead(1)], to: second)
      let busy = try #require(try await dialers.claim(first, most: 1).attempts.first)
      let waiting = try (0..<5).map(lead).filter { $0.description != busy.permit.leadId }
      let wishes = try [
        wish(waiting[0], of: first, key: "a"),
        wish(waiting[0], of: first, key: "a"),  // Asked again: the same call.
        wish(waiting[1], of: first, key: "a"),  // The key is taken.
        wish(waiting[0], of: first),  // It waits for a call already.
        wish(lead(1), of: second),  // The same person in another campaign.
        wish(.random(), of: first),
        wish(lead(1), of: first, at: Dialers.monday + .days(400)),
        wish(#require(LeadID(busy.permit.leadId)), of: first),
        wish(waiting[2], of: first, reason: "\u{0}"),  // Nothing that the database could keep.
        wish(waiting[3], of: first, at: Dialers.monday + .hours(1)),
      ]
      let answers = await dialers.store.schedule(wishes, now: Dialers.monday)
      let codes = answers.map { answer in
        do {
          _ = try answer.get()
          return "ok"
        } catch let error as RPCError {
          return "\(error.code)"
        } catch {
          return "\((error as? PostgresError)?.code.description ?? "unknown")"
        }
      }
      let refusal = RPCCode.failedPrecondition.description
      let double = RPCCode.alreadyExists.description
      #expect(
        codes == [
          "ok", "ok", double, double, "ok", RPCCode.notFound.description, refusal, refusal, "invalidValue", "ok",
        ])
      #expect(try answers[0].get().scheduledCallId == answers[1].get().scheduledCallId)
      #expect(try await dialers.count("select 1 from scheduled_call") == 3)
      #expect(try await dialers.count("select 1 from queue where rank = 9") == 3)
      #expect(try await dialers.count("select 1 from event where type like '%ScheduledCallChanged'") == 3)
      #expect(try await dialers.lost() == 0)
    }
  }

  /// Wishes, claims, ends and cancellations at random: no lead is lost, none is called too often or twice.
  @Test(arguments: UInt64(1)...6)
  func wishesAndClaimsDoNotLoseLeads(seed: UInt64) async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxCallsPerLead = 3
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<8).map(Dialers.lead), to: campaign)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for instance in 0..<3 {
          group.addTask {
            var generator = SeededGenerator(seed: seed * 10 + UInt64(instance))
            for turn in 0..<25 {
              let now = Dialers.monday + .minutes(turn * 4)
              switch Int.random(in: 0..<4, using: &generator) {
              case 0:
                let lead = Int.random(in: 0..<8, using: &generator)
                let call = try? await schedule(lead, of: campaign, dialers, now: now)
                if let call, Bool.random(using: &generator) { _ = try? await cancel(call, dialers, now: now) }
              case 1:
                _ = try await dialers.store.expireScheduledCalls(most: 3, now: now)
              default:
                for attempt in try await dialers.claim(campaign, at: now, most: 2).attempts {
                  if Int.random(in: 0..<3, using: &generator) == 0 {
                    try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: now)
                  } else {
                    try await dialers.settle(attempt, .failed, of: campaign, at: now)
                  }
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await dialers.lost() == 0)
      #expect(
        try await dialers.count(
          "select lead_id from attempt where state <> 'withdrawn' group by lead_id having count(*) > 3") == 0)
    }
  }
}
