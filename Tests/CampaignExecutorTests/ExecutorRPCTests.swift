import Core
import RPC
import RingmasterMessages
import TestSupport
import Testing

@testable import CampaignExecutor

/// What callers of the RPC methods get told.
@Suite struct ExecutorRPCTests {
  private let context = CallContext(tenant: TenantID.standard.description, actor: "ada")

  private func refusal(_ body: () async throws -> Void) async -> RPCError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? RPCError
    }
  }

  @Test func aPolicyIsRefusedWithAllThatIsWrongWithIt() async throws {
    try await ExecutorFixture.with { executor in
      let rpc = CampaignRPC(store: executor.store, clock: executor.clock)
      var request = CreateCampaignRequest()
      request.policy = ExecutorFixture.policy { policy in
        policy.agentName = ""
        var step = SequenceStep()
        step.kind = .email
        var sequence = CampaignSequence()
        sequence.steps = [step]
        policy.sequence = sequence
      }
      let error = await refusal { _ = try await rpc.createCampaign(request, context: context) }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("policy.agentName") ?? false)
      #expect(error?.message.contains("policy.sequence.steps: no step is a call") ?? false)
    }
  }

  @Test func versionsAreListedWithWhatTheyChanged() async throws {
    try await ExecutorFixture.with { executor in
      let rpc = CampaignRPC(store: executor.store, clock: executor.clock)
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      for (name, calls) in [("Spring", Int32(5)), ("Summer", 5)] {
        var update = UpdateCampaignRequest()
        update.campaignId = id.description
        update.policy = ExecutorFixture.policy { policy in
          policy.name = name
          policy.maxCallsPerDay = calls
        }
        _ = try await rpc.updateCampaign(update, context: context)
      }
      var list = ListPolicyVersionsRequest()
      list.campaignId = id.description
      var page = PageRequest()
      page.limit = 2
      list.page = page
      let newest = try await rpc.listPolicyVersions(list, context: context)
      #expect(newest.versions.map(\.version) == [3, 2])
      #expect(newest.versions.map { $0.differences.map(\.field) } == [["name"], ["maxCallsPerDay"]])
      #expect(newest.versions[0].differences.first?.before == "\"Spring\"")
      list.page?.cursor = newest.nextCursor
      let oldest = try await rpc.listPolicyVersions(list, context: context)
      #expect(oldest.versions.map(\.version) == [1] && oldest.nextCursor.isEmpty)

      var comparison = ComparePolicyVersionsRequest()
      comparison.campaignId = id.description
      comparison.fromVersion = 1
      let compared = try await rpc.comparePolicyVersions(comparison, context: context)
      #expect(compared.toVersion == 3)
      #expect(Set(compared.differences.map(\.field)) == ["name", "maxCallsPerDay"])
      comparison.fromVersion = 9
      let error = await refusal { _ = try await rpc.comparePolicyVersions(comparison, context: context) }
      #expect(error?.code == .notFound)
    }
  }

  @Test func peopleWhoSaidNoAreNeitherCopiedNorCalledAgain() async throws {
    try await ExecutorFixture.with { executor in
      let rpc = CampaignRPC(store: executor.store, clock: executor.clock)
      let (id, _) = try await executor.campaign(leads: 1)
      for outcome in [CallOutcome.notInterested, .wrongNumber, .unspecified] {
        var recycling = RecycleLeadsRequest()
        recycling.campaignId = id.description
        recycling.outcomes = [.busy, outcome]
        let error = await refusal { _ = try await rpc.recycleLeads(recycling, context: context) }
        #expect(error?.message.hasPrefix("outcomes[1]") ?? false)
        var copy = CloneCampaignRequest()
        copy.campaignId = id.description
        copy.outcomes = [outcome]
        #expect(await refusal { _ = try await rpc.cloneCampaign(copy, context: context) }?.code == .invalidArgument)
      }
      var copy = CloneCampaignRequest()
      copy.campaignId = id.description
      let draft = try await rpc.cloneCampaign(copy, context: context)
      #expect(draft.policy?.name == "Spring (copy)" && draft.state == .draft)
    }
  }

  @Test func webhooksAreRegisteredWithASecretOfTheirOwn() async throws {
    try await ExecutorFixture.with { executor in
      let rpc = WebhookRPC(store: try WebhookStore(campaigns: executor.store), wallClock: executor.clock)
      var request = CreateWebhookRequest()
      request.url = "http://example.com"
      var error = await refusal { _ = try await rpc.createWebhook(request, context: context) }
      #expect(error?.message.hasPrefix("url: ") ?? false)
      request.url = "https://example.com/hook"
      request.kinds = ["notification", "lead.finished"]
      error = await refusal { _ = try await rpc.createWebhook(request, context: context) }
      #expect(error?.message.contains("lead.completed") ?? false)
      request.kinds = ["notification"]
      let first = try await rpc.createWebhook(request, context: context)
      let second = try await rpc.createWebhook(request, context: context)
      #expect(first.secret.hasPrefix("whsec_") && first.secret != second.secret)
      let list = try await rpc.listWebhooks(ListWebhooksRequest(), context: context)
      #expect(Set(list.endpoints) == Set([first.endpoint, second.endpoint].compactMap { $0 }))
      var reference = WebhookReference()
      reference.endpointId = first.endpoint?.endpointId ?? ""
      let stranger = CallContext(tenant: TenantID.random().description, actor: "eve")
      #expect(await refusal { _ = try await rpc.getWebhook(reference, context: stranger) }?.code == .notFound)
      _ = try await rpc.deleteWebhook(reference, context: context)
      #expect(await refusal { _ = try await rpc.getWebhook(reference, context: context) }?.code == .notFound)
    }
  }

  @Test func notificationsComeNewestFirstInPages() async throws {
    try await ExecutorFixture.with { executor in
      let rpc = WebhookRPC(store: try WebhookStore(campaigns: executor.store), wallClock: executor.clock)
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      for number in 0..<5 {
        try await executor.pool.transaction(name: "notify") { transaction in
          try await executor.store.notify(
            "test", campaign: number == 3 ? id : nil, severity: .info, text: "\(number)", tenant: executor.tenant,
            now: executor.clock.now(), in: transaction)
        }
      }
      var list = ListNotificationsRequest()
      var page = PageRequest()
      page.limit = 3
      list.page = page
      let newest = try await rpc.listNotifications(list, context: context)
      #expect(newest.notifications.map(\.text) == ["4", "3", "2"])
      list.page?.cursor = newest.nextCursor
      #expect(try await rpc.listNotifications(list, context: context).notifications.map(\.text) == ["1", "0"])
      list.page = nil
      list.campaignId = id.description
      #expect(try await rpc.listNotifications(list, context: context).notifications.map(\.text) == ["3"])
    }
  }
}
