import Core
import RingmasterMessages
import TestSupport
import Testing
import Wire

@testable import CampaignExecutor

@Suite struct ErrorPolicyTests {
  @Test func onlyWhatPeopleMustMendPauses() {
    for reason in ["budget_exceeded", "agent_unavailable"] {
      #expect(ErrorPolicy(reason: reason, detail: "", passes: true).pauses)
    }
    for reason in ["provider_throttled", "something_new"] {
      #expect(!ErrorPolicy(reason: reason, detail: "", passes: false).pauses)
    }
    #expect(ErrorPolicy(reason: "no_caller_id", detail: "", passes: false).pauses)
    #expect(!ErrorPolicy(reason: "no_caller_id", detail: "", passes: true).pauses)
    #expect(ErrorPolicy(reason: "agent_unavailable", detail: "", passes: false).isForAdmins)
    #expect(ErrorPolicy(reason: "agent_unavailable", detail: "room 4", passes: false).text.contains("room 4"))
  }

  private func blocked(_ campaign: CampaignID, _ reason: String, until: Instant? = nil) -> CampaignBlocked {
    var fact = CampaignBlocked()
    fact.campaignId = campaign.description
    fact.reason = reason
    fact.until = until.map(Timestamp.init)
    return fact
  }

  @Test func aMissingAgentPausesAndAnAdministratorHearsOfItOnce() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 1)
      let fact = blocked(id, "agent_unavailable")
      try await executor.take([fact, fact])
      try await executor.take([fact])
      let campaign = try await executor.store.campaign(id, tenant: executor.tenant)
      #expect(campaign?.state == .paused)
      #expect(campaign?.stateReason.contains("no voice agent") ?? false)
      let told = try await executor.events(Notification.self)
      #expect(told.map(\.kind) == ["agent_unavailable"])
      #expect(told.allSatisfy { $0.forAdmins && $0.severity == .critical && $0.campaignId == id.description })
      // Resumed too early, it is paused and told again.
      try await executor.change(id, .resume)
      try await executor.take([fact])
      #expect(try await executor.state(of: id) == .paused)
      #expect(try await executor.notifications() == ["agent_unavailable", "agent_unavailable"])
      let audit = try await executor.store.audit(of: id, tenant: executor.tenant)
      #expect(audit.map(\.actor) == ["test", "system", "test", "system"])
    }
  }

  @Test func aThrottledProviderIsToldOnceAsLongAsItLasts() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 1)
      for minute in 0..<5 {
        try await executor.take([
          blocked(id, "provider_throttled", until: ExecutorFixture.start + .minutes(minute + 1))
        ])
      }
      #expect(try await executor.state(of: id) == .active)
      #expect(try await executor.notifications() == ["provider_throttled"])
      executor.clock.advance(by: .hours(2))
      try await executor.take([blocked(id, "provider_throttled", until: executor.clock.now() + .minutes(1))])
      #expect(try await executor.notifications() == ["provider_throttled", "provider_throttled"])
    }
  }

  @Test func aSpentBudgetPausesAndIsToldOnceWhoeverNoticesFirst() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 2) { $0.budgetMicros = 1000 }
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.started("a")])
      var call = CallRecord()
      call.campaignId = id.description
      call.leadId = leads[0].description
      call.outcome = .noAnswer
      call.costMicros = 1000
      var decided = OutcomeDecided()
      decided.call = call
      try await executor.takeOutcomes([decided])
      #expect(try await executor.state(of: id) == .paused)
      try await executor.take([blocked(id, "budget_exceeded")])
      #expect(try await executor.notifications() == ["budget_exceeded"])
    }
  }
}
