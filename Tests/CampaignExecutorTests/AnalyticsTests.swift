import Core
import RingmasterMessages
import TestSupport
import Testing
import Wire

@testable import CampaignExecutor

@Suite struct AnalyticsTests {
  private func decided(
    _ campaign: CampaignID, _ lead: LeadID, _ outcome: CallOutcome, attempt: Int32, at: Instant, talk: Duration? = nil
  ) -> OutcomeDecided {
    var call = CallRecord()
    call.campaignId = campaign.description
    call.leadId = lead.description
    call.outcome = outcome
    call.attemptNumber = attempt
    call.requestedAt = Timestamp(at)
    call.endedAt = Timestamp(at + .minutes(2))
    if let talk {
      call.answeredAt = Timestamp(at + .seconds(9))
      call.talkDuration = ProtobufDuration(talk)
    }
    call.costMicros = 1000
    call.to = "+12124560001"
    var fact = OutcomeDecided()
    fact.call = call
    return fact
  }

  @Test func callsAreCountedByOutcomeHourAndAttempt() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 3)
      // A Monday, 09:30 in New York (winter, five hours behind UTC).
      let monday = try #require(Instant(rfc3339: "2026-12-07T14:30:00Z"))
      try await executor.takeOutcomes([
        decided(id, leads[0], .noAnswer, attempt: 1, at: monday),
        decided(id, leads[1], .voicemail, attempt: 1, at: monday + .minutes(20), talk: .seconds(10)),
        decided(id, leads[0], .qualified, attempt: 2, at: monday + .hours(1), talk: .seconds(50)),
        decided(id, leads[2], .callbackRequested, attempt: 1, at: monday + .days(1), talk: .seconds(30)),
        decided(id, leads[2], .notInterested, attempt: 2, at: monday + .days(1), talk: .seconds(30)),
      ])
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.started("a"), fact.finished("a", .qualified)])
      let found = try #require(try await executor.store.analytics(of: id, tenant: executor.tenant))
      #expect(found.calls == 5 && found.answered == 4 && found.reached == 3)
      #expect(found.answerPercent == 80 && found.connectPercent == 60)
      #expect(found.averageTalk?.duration == .seconds(30))
      #expect(found.costPerCallMicros == 1000 && found.costPerQualifiedMicros == 5000)
      #expect(found.outcomes.map(\.percent).reduce(0, +) == 100 && found.outcomes.count == 5)
      #expect(found.reachedOn.map(\.attempt) == [1, 2] && found.reachedOn.map(\.leads) == [1, 1])
      #expect(found.attemptsToReach == 1.5)
      #expect(
        found.hours.map { [Int64($0.weekday), Int64($0.hour), $0.calls, $0.answered] } == [
          [1, 9, 2, 1], [1, 10, 1, 1], [2, 9, 2, 2],
        ])
      // Progress shows outcomes only.
      let progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.attemptsByOutcome.count == 5 && progress?.leadsByOutcome == ["qualified": 1])
    }
  }

  @Test func aCampaignWithoutCallsHasNothingToDivide() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 1)
      let found = try #require(try await executor.store.analytics(of: id, tenant: executor.tenant))
      #expect(found.calls == 0 && found.answerPercent == 0 && found.averageTalk == nil && found.hours.isEmpty)
      #expect(try await executor.store.analytics(of: .random(), tenant: executor.tenant) == nil)
    }
  }
}
