import Core
import RPC
import RingmasterMessages
import TestSupport
import Testing

@testable import CampaignExecutor

@Suite struct CampaignStoreTests {
  @Test func everyEditIsAVersionAndAnOldOneIsRefused() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      let edited = try await executor.store.update(
        id, policy: ExecutorFixture.policy { $0.maxCallsPerDay = 7 }, expectedVersion: 1, tenant: executor.tenant,
        actor: "ada", now: executor.clock.now())
      #expect(edited.policyVersion == 2)
      await #expect {
        try await executor.store.update(
          id, policy: ExecutorFixture.policy(), expectedVersion: 1, tenant: executor.tenant, actor: "bob",
          now: executor.clock.now())
      } throws: { ($0 as? RPCError)?.code == .aborted }
      let versions = try await executor.store.policyVersions(of: id, tenant: executor.tenant, below: 99, limit: 10)
      #expect(versions.map(\.version) == [2, 1])
      #expect(versions.map(\.actor) == ["ada", "test"])
      #expect(versions[0].policy?.maxCallsPerDay == 7)
    }
  }

  @Test func changesOfStateAreAuditedAndToldInOrder() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 1)
      for (change, actor) in [(CampaignLife.Change.pause, "ada"), (.resume, "bob"), (.stop, "cy")] {
        _ = try await executor.store.change(
          id, change, tenant: executor.tenant, actor: actor, reason: "because", now: executor.clock.now())
      }
      let audit = try await executor.store.audit(of: id, tenant: executor.tenant)
      #expect(audit.map(\.actor) == ["test", "ada", "bob", "cy"])
      #expect(audit.map(\.to) == [.active, .paused, .active, .cancelled])
      #expect(zip(audit.dropFirst(), audit).allSatisfy { $0.from == $1.to })
      let told = try await executor.events(CampaignChanged.self).compactMap { $0.campaign?.state }
      #expect(told == [.draft, .active, .paused, .active, .cancelled])
      await #expect {
        try await executor.store.change(
          id, .resume, tenant: executor.tenant, actor: "ada", reason: "", now: executor.clock.now())
      } throws: { ($0 as? RPCError)?.code == .failedPrecondition }
    }
  }

  @Test func aCampaignStartsWithLeadsOrIsFedWhileItRuns() async throws {
    try await ExecutorFixture.with { executor in
      let (empty, _) = try await executor.campaign(leads: 0, active: false)
      await #expect {
        try await executor.store.change(
          empty, .start, tenant: executor.tenant, actor: "ada", reason: "", now: executor.clock.now())
      } throws: { ($0 as? RPCError)?.message.contains("no leads") ?? false }

      let (fed, _) = try await executor.campaign(leads: 0) { $0.alwaysOn = true }
      let fact = DialerFact(campaign: fed, lead: try await executor.add(ExecutorFixture.lead(1), to: fed).id)
      try await executor.take([fact.started("a"), fact.finished("a", .qualified)])
      let campaign = try await executor.store.campaign(fed, tenant: executor.tenant)
      #expect(campaign?.state == .active)
      #expect(try await executor.notifications().isEmpty)
    }
  }

  @Test func anotherTenantSeesNothing() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1)
      let other = TenantID.random()
      #expect(try await executor.store.campaign(id, tenant: other) == nil)
      #expect(try await executor.store.lead(leads[0], of: id, tenant: other) == nil)
      #expect(try await executor.store.progress(of: id, tenant: other, now: executor.clock.now()) == nil)
      await #expect {
        try await executor.store.change(
          id, .pause, tenant: other, actor: "eve", reason: "", now: executor.clock.now())
      } throws: { ($0 as? RPCError)?.code == .notFound }
    }
  }

  @Test func onlyADraftOrAStoppedCampaignIsDeleted() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 2)
      await #expect {
        try await executor.store.delete(id, tenant: executor.tenant)
      } throws: { ($0 as? RPCError)?.code == .failedPrecondition }
      _ = try await executor.store.change(
        id, .stop, tenant: executor.tenant, actor: "ada", reason: "", now: executor.clock.now())
      try await executor.store.delete(id, tenant: executor.tenant)
      #expect(try await executor.number("select count(*) from lead") == 0)
    }
  }

  @Test func theLastFinalOutcomeCompletesTheCampaignAndSaysSo() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 2)
      let facts = leads.map { DialerFact(campaign: id, lead: $0) }
      try await executor.take([facts[0].started("a"), facts[0].finished("a", .qualified)])
      #expect(try await executor.store.campaign(id, tenant: executor.tenant)?.state == .active)
      try await executor.take([facts[1].started("b"), facts[1].finished("b", .noAnswer, reason: "max_attempts")])
      let campaign = try await executor.store.campaign(id, tenant: executor.tenant)
      #expect(campaign?.state == .completed)
      #expect(try await executor.notifications() == ["campaign_completed"])
      let types = try await executor.events().map(\.type).suffix(4)
      #expect(
        Array(types) == [
          LeadCompleted.fullName, LeadCompleted.fullName, CampaignChanged.fullName, Notification.fullName,
        ])
    }
  }
}
