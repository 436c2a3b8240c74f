import Core
import JSON
import RPC
import RingmasterMessages
import TestSupport
import Testing
import Wire

@testable import CampaignExecutor

@Suite struct CampaignHistoryTests {
  @Test func differencesAreToldByField() {
    let old: JSONValue = ["name": "A", "callWindows": [["weekday": 1, "endMinute": 600]], "budget": "5"]
    let new: JSONValue = ["name": "B", "callWindows": [["weekday": 1, "endMinute": 660], ["weekday": 2]], "days": 3]
    let found = PolicyComparison.differences(from: old, to: new)
    #expect(found.map(\.field) == ["name", "callWindows[0].endMinute", "callWindows[1]", "budget", "days"])
    #expect(found.map(\.before) == ["A", 600, nil, "5", nil])
    #expect(found.map(\.after) == ["B", 660, ["weekday": 2], nil, 3])
    #expect(PolicyComparison.differences(from: new, to: new).isEmpty)
  }

  @Test func aCopyIsADraftWithTheLeadsChosen() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 4)
      let facts = leads.map { DialerFact(campaign: id, lead: $0) }
      try await executor.take([
        facts[0].started("a"), facts[0].finished("a", .noAnswer), facts[1].started("b"),
        facts[1].finished("b", .qualified),
      ])
      let copy = try await executor.store.clone(
        id, policy: ExecutorFixture.policy { $0.name = "Again" }, openLeads: true, outcomes: [.noAnswer],
        tenant: executor.tenant, actor: "ada", now: executor.clock.now())
      let copied = try await executor.store.leads(
        of: executor.id(copy), tenant: executor.tenant, after: LeadID(UniqueID(high: 0, low: 0)), state: nil,
        outcome: nil, limit: 10)
      #expect(copy.state == .draft && copy.policyVersion == 1 && copy.policy?.name == "Again")
      #expect(copied.map(\.phone) == [0, 2, 3].map(ExecutorFixture.phone))
      #expect(copied.allSatisfy { $0.state == .open && $0.attempts == 0 && $0.outcome == .unspecified })
      #expect(Set(copied.map(\.leadId)).isDisjoint(with: leads.map(\.description)))
      let told = try await executor.events(LeadsAdded.self).filter { $0.campaignId == copy.campaignId }
      #expect(told.flatMap(\.leads) == copied)
    }
  }

  /// A page with the answer, the others one after the other; what was uploaded meanwhile is nobody's second lead.
  @Test func aCopyOfManyLeadsGoesOnByItself() async throws {
    try await ExecutorFixture.with { executor in
      var store = executor.store
      store.copiedAtOnce = 4
      let (id, _) = try await executor.campaign(leads: 11)
      let copy = try await store.clone(
        id, policy: ExecutorFixture.policy { $0.name = "Again" }, openLeads: true, outcomes: [],
        tenant: executor.tenant, actor: "ada", now: executor.clock.now())
      let copyID = try executor.id(copy)
      func progress() async throws -> CampaignProgress? {
        try await store.progress(of: copyID, tenant: executor.tenant, now: executor.clock.now())
      }
      // A copy of it now would miss the leads that are still to come.
      let rpc = CampaignRPC(store: store, clock: executor.clock)
      let context = CallContext(tenant: executor.tenant.description, actor: "ada")
      var again = CloneCampaignRequest()
      again.campaignId = copy.campaignId
      _ = try await rpc.cloneCampaign(again, context: context)
      again.openLeads = true
      let refused = await #expect(throws: RPCError.self) { try await rpc.cloneCampaign(again, context: context) }
      #expect(refused?.code == .failedPrecondition)
      var seen = try await progress()
      #expect(seen?.leads == 4 && seen?.leadsComing == true)
      var own = NewLead()
      own.phone = ExecutorFixture.phone(9)
      own.firstName = "Grace"
      _ = try await store.add(own, clientKey: "", to: copyID, tenant: executor.tenant, now: executor.clock.now())
      let copier = LeadCopier(store: store, clock: executor.clock, logger: .discarding)
      while try await copier.copyNext() {}
      _ = try await rpc.cloneCampaign(again, context: context)
      seen = try await progress()
      #expect(seen?.leads == 11 && seen?.leadsComing == false)
      let told = try await executor.events(LeadsAdded.self).filter { $0.campaignId == copy.campaignId }
      let phones = told.flatMap(\.leads).map(\.phone)
      #expect(phones.count == 11 && Set(phones).count == phones.count)
    }
  }

  /// Neither is it completed while leads are coming, nor do any come when it is over.
  @Test func aCopyThatIsStoppedTakesNoMoreLeads() async throws {
    try await ExecutorFixture.with { executor in
      var store = executor.store
      store.copiedAtOnce = 2
      let (id, _) = try await executor.campaign(leads: 3)
      let copy = try await store.clone(
        id, policy: ExecutorFixture.policy(), openLeads: true, outcomes: [], tenant: executor.tenant, actor: "ada",
        now: executor.clock.now())
      let copyID = try executor.id(copy)
      for change in [CampaignLife.Change.start, .stop] {
        _ = try await store.change(
          copyID, change, tenant: executor.tenant, actor: "ada", reason: "", now: executor.clock.now())
      }
      let copier = LeadCopier(store: store, clock: executor.clock, logger: .discarding)
      while try await copier.copyNext() {}
      let seen = try await store.progress(of: copyID, tenant: executor.tenant, now: executor.clock.now())
      #expect(seen?.leads == 2 && seen?.leadsComing == false)
    }
  }

  @Test func recycledLeadsWaitAgainUnlessTheyWereCalledOften() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 4) { $0.maxCallsPerLead = 2 }
      let facts = leads.map { DialerFact(campaign: id, lead: $0) }
      try await executor.take([
        facts[0].started("a"), facts[0].finished("a", .noAnswer), facts[1].started("b"),
        facts[1].retry("b", .noAnswer), facts[1].started("c"), facts[1].finished("c", .noAnswer),
        facts[2].started("d"), facts[2].finished("d", .notInterested),
      ])
      let answer = try await executor.store.recycle(
        id, outcomes: [.noAnswer], tenant: executor.tenant, actor: "ada", now: executor.clock.now())
      #expect(answer.recycled == 1 && answer.exhausted == 1)
      let told = try await executor.events(LeadsRecycled.self).flatMap(\.leads)
      #expect(told.map(\.leadId) == [leads[0].description])
      #expect(told.allSatisfy { $0.state == .open })
      let again = try await executor.store.recycle(
        id, outcomes: [.noAnswer], tenant: executor.tenant, actor: "ada", now: executor.clock.now())
      #expect(again.recycled == 0)
      let audit = try await executor.store.audit(of: id, tenant: executor.tenant)
      #expect(audit.last?.actor == "ada" && audit.last?.from == .active && audit.last?.to == .active)
    }
  }

  @Test func manyLeadsAreRecycledByOneRequestAfterTheOther() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 6)
      // One is not done, or the campaign would be over.
      let done = leads.dropLast()
      try await executor.take(
        done.map { DialerFact(campaign: id, lead: $0) }.enumerated().flatMap { number, fact -> [any WireMessage] in
          [fact.started("\(number)"), fact.finished("\(number)", .busy)]
        })
      var store = executor.store
      store.mostRecycled = 2
      var counts: [Int64] = []
      var cursor: LeadID?
      repeat {
        let answer = try await store.recycle(
          id, outcomes: [.busy], after: cursor, tenant: executor.tenant, actor: "ada", now: executor.clock.now())
        counts.append(answer.recycled)
        cursor = LeadID(answer.nextCursor)
      } while cursor != nil
      #expect(counts == [2, 2, 1])
      let told = try await executor.events(LeadsRecycled.self).flatMap(\.leads).map(\.leadId)
      #expect(told.count == 5 && Set(told) == Set(done.map(\.description)))
    }
  }

  @Test func aCampaignThatIsOverIsNotRecycled() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1)
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.started("a"), fact.finished("a", .busy)])
      await #expect {
        try await executor.store.recycle(
          id, outcomes: [.busy], tenant: executor.tenant, actor: "ada", now: executor.clock.now())
      } throws: { ($0 as? RPCError)?.message.contains("clone") ?? false }
    }
  }
}
