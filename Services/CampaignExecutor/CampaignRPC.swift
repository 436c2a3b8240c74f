import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// The RPC surface of campaign-executor: campaigns. Leads are in `CampaignRPC+Leads.swift`.
struct CampaignRPC: CampaignServiceHandler {
  let store: CampaignStore
  let clock: any BusinessClock

  /// How long a caller may wait for news of progress, and how often it is looked for meanwhile (real time).
  private static let longestWait = Duration.seconds(30)
  private static let lookAgain = Duration.milliseconds(100)

  func createCampaign(_ request: CreateCampaignRequest, context: CallContext) async throws -> Campaign {
    try await store.create(
      try checked(request.policy), tenant: context.tenantID(), actor: context.actor, now: clock.now())
  }

  func getCampaign(_ request: GetCampaignRequest, context: CallContext) async throws -> Campaign {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    guard let campaign = try await store.campaign(id, tenant: context.tenantID()) else { throw notFound(id) }
    return campaign
  }

  func listCampaigns(_ request: ListCampaignsRequest, context: CallContext) async throws -> ListCampaignsResponse {
    let page = try Page(request.page)
    let after =
      page.cursor.isEmpty
      ? CampaignID(UniqueID(high: 0, low: 0)) : try RequestField.id(CampaignEntity.self, page.cursor, "page.cursor")
    var response = ListCampaignsResponse()
    response.campaigns = try await store.campaigns(
      tenant: context.tenantID(), after: after, state: CampaignLife.State(request.state), limit: page.limit)
    if response.campaigns.count == page.limit { response.nextCursor = response.campaigns.last?.campaignId ?? "" }
    return response
  }

  func updateCampaign(_ request: UpdateCampaignRequest, context: CallContext) async throws -> Campaign {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    return try await store.update(
      id, policy: try checked(request.policy), expectedVersion: Int(request.expectedVersion),
      tenant: context.tenantID(), actor: context.actor, now: clock.now())
  }

  func deleteCampaign(_ request: DeleteCampaignRequest, context: CallContext) async throws -> DeleteCampaignResponse {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    try await store.delete(id, tenant: context.tenantID())
    return DeleteCampaignResponse()
  }

  func startCampaign(_ request: ChangeCampaignStateRequest, context: CallContext) async throws -> Campaign {
    try await change(request, .start, context)
  }

  func pauseCampaign(_ request: ChangeCampaignStateRequest, context: CallContext) async throws -> Campaign {
    try await change(request, .pause, context)
  }

  func resumeCampaign(_ request: ChangeCampaignStateRequest, context: CallContext) async throws -> Campaign {
    try await change(request, .resume, context)
  }

  func stopCampaign(_ request: ChangeCampaignStateRequest, context: CallContext) async throws -> Campaign {
    try await change(request, .stop, context)
  }

  func listCampaignAudit(
    _ request: GetCampaignRequest, context: CallContext
  ) async throws -> ListCampaignAuditResponse {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    guard try await store.campaign(id, tenant: context.tenantID()) != nil else { throw notFound(id) }
    var response = ListCampaignAuditResponse()
    response.entries = try await store.audit(of: id, tenant: context.tenantID())
    return response
  }

  func getProgress(_ request: GetProgressRequest, context: CallContext) async throws -> CampaignProgress {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let wait = min(request.wait?.duration ?? .zero, Self.longestWait)
    let end = ContinuousClock.now + wait
    while true {
      guard let progress = try await store.progress(of: id, tenant: context.tenantID(), now: clock.now()) else {
        throw notFound(id)
      }
      if progress.revision > request.afterRevision || ContinuousClock.now >= end { return progress }
      try await Task.sleep(for: Self.lookAgain)
    }
  }

  private func change(
    _ request: ChangeCampaignStateRequest, _ change: CampaignLife.Change, _ context: CallContext
  ) async throws -> Campaign {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    return try await store.change(
      id, change, tenant: context.tenantID(), actor: context.actor, reason: request.reason, now: clock.now())
  }

  /// The policy, if it makes sense; all that is wrong with it otherwise.
  func checked(_ policy: CampaignPolicy?) throws -> CampaignPolicy {
    guard let policy else { throw RPCError(.invalidArgument, "policy is missing") }
    var problems: [String] = []
    do {
      _ = try CampaignTerms(policy)
    } catch {
      problems.append(error.description)
    }
    if let sequence = policy.sequence {
      do {
        _ = try LeadSequence(wire: sequence)
      } catch {
        problems.append("policy.sequence.\(error.field): \(error.message)")
      }
    }
    guard problems.isEmpty else { throw RPCError(.invalidArgument, problems.joined(separator: "; ")) }
    return policy
  }

  func notFound(_ id: CampaignID) -> RPCError { RPCError(.notFound, "no campaign has the id \(id)") }
}
