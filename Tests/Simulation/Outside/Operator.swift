import Core
import RPC
import RingmasterMessages
import Synchronization

@testable import CampaignExecutor

/// The people who run campaigns: they do what they planned, and do it again when they got no answer.
final class Operator: Sendable {
  struct Campaign: Sendable {
    var id: CampaignID?
    var importID = ""
    var policy: CampaignPolicy
  }

  let world: World
  let plans: [CampaignPlan]
  let campaigns: Mutex<[Campaign]>

  init(world: World) {
    self.world = world
    var planner = Planner(
      draws: world.draws, witness: world.witness, concurrency: world.settings.concurrency)
    let plans = planner.plans(leads: world.settings.leads)
    self.plans = plans
    campaigns = Mutex(plans.map { Campaign(policy: $0.policy) })
  }

  var count: Int { plans.count }

  func begin() {
    for index in plans.indices { plan(index, 0) }
  }

  private func plan(_ index: Int, _ deed: Int) {
    guard deed < plans[index].deeds.count else {
      world.operatorIsThrough()
      return
    }
    retry(index, deed, after: plans[index].deeds[deed].pause)
  }

  private func retry(_ index: Int, _ deed: Int, after pause: Duration) {
    world.agenda.add(world.clock.now() + pause, "operator") { [self] in
      if await isDone(index, deed) {
        plan(index, deed + 1)
      } else {
        retry(index, deed, after: world.draws.seconds(5...60))
      }
    }
  }

  /// Does a deed; false when nobody knows whether it is done.
  private func isDone(_ index: Int, _ deed: Int) async -> Bool {
    let deed = plans[index].deeds[deed].deed
    let known = campaigns.withLock { $0[index].id }
    if let known { world.witness.change(known, at: world.clock.now()) }
    guard let executor = world.executor, let dialer = world.dialer else { return false }
    return await isDone {
      try await self.world.run(on: executor.host) { try await self.perform(deed, index, executor) }
      try await self.world.run(on: dialer.host) { try await self.perform(deed, index, dialer) }
      return executor.host.isAlive && dialer.host.isAlive
    }
  }

  /// Asks for something, over a network that loses requests and answers.
  func isDone(_ body: () async throws -> Bool) async -> Bool {
    if world.faults.happens(\.lostRequest, "request lost") { return false }
    do {
      guard try await body() else { return false }
    } catch let error as RPCError where Self.settled.contains(error.code) {
      // Done by the try before, or too late: the campaign is over.
      return true
    } catch {
      if let error = error as? RPCError, error.code != .aborted {
        world.witness.blame("an operator's deed failed: \(error)")
      }
      return false
    }
    return !world.faults.happens(\.lostAnswer, "answer lost")
  }

  private static let settled: Set<RPCCode> = [.failedPrecondition, .notFound, .alreadyExists]

  /// What is asked of the executor.
  private func perform(_ deed: CampaignPlan.Deed, _ index: Int, _ executor: Executor) async throws {
    let context = CallContext(tenant: plans[index].tenant.description, actor: "operator")
    let known = campaigns.withLock { $0[index] }
    let rpc = executor.rpc
    switch deed {
    case .create:
      var request = CreateCampaignRequest()
      request.policy = plans[index].policy
      let made = try await rpc.createCampaign(request, context: context)
      guard let id = CampaignID(made.campaignId) else { return }
      world.witness.allow(id, Witness.Terms(plans[index].policy, from: world.clock.now()))
      let policy = plans[index].policy
      world.capped(
        .init(
          of: .campaign(id), perMinute: policy.maxCallsPerMinute, perDay: policy.maxCallsPerDay, zone: policy.timeZone))
      campaigns.withLock { $0[index].id = id }
    case .openImport:
      var request = OpenImportRequest()
      request.campaignId = known.id?.description ?? ""
      let opened = try await rpc.openImport(request, context: context)
      // One of a try whose answer was lost stays open otherwise, and the campaign with it.
      if !known.importID.isEmpty { try await close(known, rpc, context) }
      campaigns.withLock { $0[index].importID = opened.importId }
    case .importBatch(let batch):
      var request = ImportLeadsRequest()
      request.campaignId = known.id?.description ?? ""
      request.importId = known.importID
      request.batch = Int32(batch + 1)
      request.leads = plans[index].batches[batch]
      let answer = try await rpc.importLeads(request, context: context)
      world.gave(plans[index].batches[batch].map(\.phone), to: known.id)
      if Int(answer.added) != plans[index].batches[batch].count {
        world.witness.blame(
          "\(answer.added) of \(plans[index].batches[batch].count) leads were added: \(answer.problems)")
      }
    case .closeImport: try await close(known, rpc, context)
    case .start: try await change(known, index, rpc.startCampaign, context)
    case .pause:
      try await change(known, index, rpc.pauseCampaign, context)
      if let id = known.id { world.witness.halt(id, at: world.clock.now()) }
    case .resume:
      // From now on it may call.
      if let id = known.id { world.witness.halt(id, at: nil) }
      try await change(known, index, rpc.resumeCampaign, context)
    case .stop:
      try await change(known, index, rpc.stopCampaign, context)
      if let id = known.id { world.witness.halt(id, at: world.clock.now()) }
    case .edit(let policy): try await edit(policy, known, index, rpc, context)
    case .addLead(let lead):
      var request = AddLeadRequest()
      request.campaignId = known.id?.description ?? ""
      request.lead = lead
      _ = try await rpc.addLead(request, context: context)
      world.gave([lead.phone], to: known.id)
    case .rename(let number): try await rename(number, known, rpc, context)
    case .ban, .wish, .cancelWishes, .limitTenant, .limitProvider, .addCallerID: break  // Asked of the dialer.
    }
  }

  private func close(_ known: Campaign, _ rpc: CampaignRPC, _ context: CallContext) async throws {
    var request = CloseImportRequest()
    request.campaignId = known.id?.description ?? ""
    request.importId = known.importID
    request.complete = true
    _ = try await rpc.closeImport(request, context: context)
  }

  private func change(
    _ known: Campaign, _ index: Int,
    _ method: (ChangeCampaignStateRequest, CallContext) async throws -> RingmasterMessages.Campaign,
    _ context: CallContext
  ) async throws {
    var request = ChangeCampaignStateRequest()
    request.campaignId = known.id?.description ?? ""
    _ = try await method(request, context)
  }

  func edit(
    _ policy: CampaignPolicy, _ known: Campaign, _ index: Int, _ rpc: CampaignRPC, _ context: CallContext
  ) async throws {
    guard let id = known.id else { return }
    var request = UpdateCampaignRequest()
    request.campaignId = id.description
    request.policy = policy
    // From now on it may hold. Until it has been heard of for sure, so may the old one.
    world.witness.allow(id, Witness.Terms(policy, from: world.clock.now()))
    do {
      _ = try await rpc.updateCampaign(request, context: context)
      campaigns.withLock { $0[index].policy = policy }
    } catch {
      world.witness.allow(id, Witness.Terms(known.policy, from: world.clock.now()))
      world.witness.allow(id, Witness.Terms(policy, from: world.clock.now()))
      throw error
    }
  }

  private func rename(_ number: Int, _ known: Campaign, _ rpc: CampaignRPC, _ context: CallContext) async throws {
    var list = ListLeadsRequest()
    list.campaignId = known.id?.description ?? ""
    let leads = try await rpc.listLeads(list, context: context).leads
    guard !leads.isEmpty else { return }
    let lead = leads[number % leads.count]
    var request = UpdateLeadRequest()
    request.campaignId = lead.campaignId
    request.leadId = lead.leadId
    var new = NewLead()
    new.firstName = "Renamed \(number)"
    new.timeZone = lead.timeZone
    request.lead = new
    _ = try await rpc.updateLead(request, context: context)
  }
}
