import Core
import RPC
import RingmasterMessages
import Wire

/// What operators ask of the dialer: lists, limits, numbers to show, single calls. And what they do when a campaign
/// cannot go on by itself.
extension Operator {
  func perform(_ deed: CampaignPlan.Deed, _ index: Int, _ dialer: Dialer) async throws {
    let plan = plans[index]
    let context = CallContext(tenant: plan.tenant.description, actor: "operator")
    switch deed {
    case .ban(let number, let scope): try await ban(number, scope, index, dialer)
    case .wish(let place, let after, let life):
      try await wish(place, after: after, life: life, index, dialer, context)
    case .cancelWishes: try await cancelWishes(index, dialer, context)
    case .limitTenant(let limits):
      var request = SetTenantLimitsRequest()
      request.limits = limits
      // From now on they may hold.
      world.witness.allow(plan.tenant, from: world.clock.now()) {
        $0.concurrency = limits.maxConcurrentCalls == 0 ? nil : Int(limits.maxConcurrentCalls)
      }
      _ = try await dialer.limits.setTenantLimits(request, context: context)
      world.capped(
        .init(of: .tenant(plan.tenant), perDay: limits.maxCallsPerDay, zone: limits.timeZone))
    case .limitProvider(let limits):
      var request = SetProviderLimitsRequest()
      request.limits = limits
      let most = Int(limits.maxConcurrentCalls)
      world.witness.allow(plan.tenant, from: world.clock.now()) {
        $0.outbound = most - (most * Int(limits.inboundPercent) + 99) / 100
      }
      _ = try await dialer.limits.setProviderLimits(request, context: context)
      world.capped(.init(of: .tenant(plan.tenant), perMinute: limits.maxCallsPerMinute))
    case .addCallerID(let request):
      let made = try await dialer.callerIDs.addCallerId(request, context: context)
      world.added(
        PoolNumber(
          tenant: plan.tenant, number: request.number, zone: request.timeZone,
          warmingSince: made.state == .warming ? world.clock.now() : nil))
    case .create, .openImport, .importBatch, .closeImport, .start, .pause, .resume, .stop, .edit, .addLead, .rename:
      break  // Asked of the executor.
    }
  }

  private func ban(_ number: String, _ scope: DoNotCallScope, _ index: Int, _ dialer: Dialer) async throws {
    let campaign = campaigns.withLock { $0[index].id }
    var request = AddDoNotCallRequest()
    request.number = number
    request.scope = scope
    if scope == .campaign { request.campaignId = campaign?.description ?? "" }
    let tenant = plans[index].tenant
    // The global list is the platform's.
    _ = try await dialer.doNotCall.addDoNotCall(
      request, context: CallContext(tenant: tenant.description, actor: scope == .global ? "platform" : "operator"))
    world.witness.ban(
      number,
      .init(tenant: scope == .global ? nil : tenant, campaign: scope == .campaign ? campaign : nil),
      at: world.clock.now())
  }

  private func wish(
    _ place: Int, after: Duration?, life: Duration?, _ index: Int, _ dialer: Dialer, _ context: CallContext
  ) async throws {
    guard let campaign = campaigns.withLock({ $0[index].id }) else { return }
    let leads = try await world.database.admin.sql(
      "select lead_id from dialer.task where campaign_id = '\(campaign)' order by lead_id")
    guard !leads.isEmpty else { return }
    var request = ScheduleCallRequest()
    request.campaignId = campaign.description
    request.leadId = try leads[place % leads.count].get("lead_id", as: LeadID.self).description
    let at = after.map { world.clock.now() + $0 }
    request.at = at.map(Timestamp.init)
    request.notAfter = life.map { Timestamp((at ?? world.clock.now()) + .seconds(2) + $0) }
    var context = context
    context.idempotencyKey = "\(campaign) \(place)"
    let made =
      at == nil
      ? try await dialer.scheduling.callNow(request, context: context)
      : try await dialer.scheduling.scheduleCall(request, context: context)
    world.witness.count("calls that were asked for: \(made.state)")
    if let dueAt = made.dueAt?.instant { world.wakeDialers(at: dueAt) }
  }

  private func cancelWishes(_ index: Int, _ dialer: Dialer, _ context: CallContext) async throws {
    var list = ListScheduledCallsRequest()
    list.campaignId = campaigns.withLock { $0[index].id }?.description ?? ""
    list.state = .scheduled
    for call in try await dialer.scheduling.listScheduledCalls(list, context: context).calls {
      var request = CancelScheduledCallRequest()
      request.scheduledCallId = call.scheduledCallId
      _ = try await dialer.scheduling.cancelScheduledCall(request, context: context)
      world.witness.count("calls that were asked for and taken back")
    }
  }

  // MARK: Mending

  /// Sees to campaigns that the system has paused: what is missing is given, and they go on.
  func mend(_ paused: [CampaignID]) async {
    for id in paused where !world.witness.isHalted(id) {
      guard let index = campaigns.withLock({ $0.firstIndex { $0.id == id } }), let executor = world.executor,
        let dialer = world.dialer
      else { continue }
      world.witness.change(id, at: world.clock.now())
      _ = await isDone {
        try await self.world.run(on: dialer.host) { try await self.putBackNumbers(index, dialer) }
        try await self.world.run(on: executor.host) { try await self.goOn(index, executor) }
        return true
      }
    }
  }

  private func putBackNumbers(_ index: Int, _ dialer: Dialer) async throws {
    let context = CallContext(tenant: plans[index].tenant.description, actor: "operator")
    var list = ListCallerIdsRequest()
    list.state = .quarantined
    for number in try await dialer.callerIDs.listCallerIds(list, context: context).callerIds {
      var request = ChangeCallerIdRequest()
      request.number = number.number
      request.state = .active
      _ = try await dialer.callerIDs.changeCallerId(request, context: context)
      world.isWarm(number.number)
      world.witness.count("numbers put back")
    }
  }

  private func goOn(_ index: Int, _ executor: Executor) async throws {
    let context = CallContext(tenant: plans[index].tenant.description, actor: "operator")
    let known = campaigns.withLock { $0[index] }
    var policy = known.policy
    if policy.budgetMicros > 0 {
      policy.budgetMicros *= 2
      try await edit(policy, known, index, executor.rpc, context)
    }
    var request = ChangeCampaignStateRequest()
    request.campaignId = known.id?.description ?? ""
    _ = try await executor.rpc.resumeCampaign(request, context: context)
    world.witness.count("campaigns mended")
  }
}
