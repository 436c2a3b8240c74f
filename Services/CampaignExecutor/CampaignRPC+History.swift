import CampaignTerms
import Core
import JSON
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// What becomes of campaigns later: how their calls went, versions of their policies, copies, and leads that are called once more.
extension CampaignRPC {
  func listPolicyVersions(
    _ request: ListPolicyVersionsRequest, context: CallContext
  ) async throws -> ListPolicyVersionsResponse {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let page = try Page(request.page)
    guard let below = page.cursor.isEmpty ? Int(Int32.max) : Int(page.cursor) else {
      throw RPCError(.invalidArgument, "page.cursor: \"\(page.cursor)\" did not come from this list")
    }
    guard try await store.campaign(id, tenant: context.tenantID()) != nil else { throw notFound(id) }
    // One more than asked for: the oldest is compared with the one before it.
    let versions = try await store.policyVersions(
      of: id, tenant: context.tenantID(), below: below, limit: page.limit + 1)
    var response = ListPolicyVersionsResponse()
    for (index, version) in versions.prefix(page.limit).enumerated() {
      var shown = version
      if index + 1 < versions.count {
        shown.differences = Self.differences(versions[index + 1].policy, version.policy)
      }
      response.versions.append(shown)
    }
    if versions.count > page.limit { response.nextCursor = response.versions.last.map { "\($0.version)" } ?? "" }
    return response
  }

  func comparePolicyVersions(
    _ request: ComparePolicyVersionsRequest, context: CallContext
  ) async throws -> ComparePolicyVersionsResponse {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let tenant = try context.tenantID()
    guard let campaign = try await store.campaign(id, tenant: tenant) else { throw notFound(id) }
    var response = ComparePolicyVersionsResponse()
    response.fromVersion = request.fromVersion
    response.toVersion = request.toVersion == 0 ? campaign.policyVersion : request.toVersion
    var policies: [CampaignPolicy?] = []
    for version in [response.fromVersion, response.toVersion] {
      guard let known = try await store.policyVersion(Int(version), of: id, tenant: tenant) else {
        throw RPCError(.notFound, "the campaign has no version \(version); it has 1 to \(campaign.policyVersion)")
      }
      policies.append(known.policy)
    }
    response.differences = Self.differences(policies[0], policies[1])
    return response
  }

  func getAnalytics(_ request: GetCampaignRequest, context: CallContext) async throws -> CampaignAnalytics {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    guard let analytics = try await store.analytics(of: id, tenant: context.tenantID()) else { throw notFound(id) }
    return analytics
  }

  func cloneCampaign(_ request: CloneCampaignRequest, context: CallContext) async throws -> Campaign {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let tenant = try context.tenantID()
    guard let source = try await store.campaign(id, tenant: tenant) else { throw notFound(id) }
    guard var policy = source.policy else { throw RPCError(.internalError, "the campaign's policy cannot be read") }
    if request.openLeads || !request.outcomes.isEmpty, try await store.isBeingCopied(into: id, tenant: tenant) {
      throw RPCError(
        .failedPrecondition, "its own leads are still being copied; clone it when they are there, or without leads")
    }
    policy.name = request.name.isEmpty ? String("\(policy.name) (copy)".suffix(200)) : request.name
    return try await store.clone(
      id, policy: try checked(policy), openLeads: request.openLeads,
      outcomes: try Self.outcomes(request.outcomes, "outcomes"), tenant: tenant, actor: context.actor,
      now: clock.now())
  }

  func recycleLeads(_ request: RecycleLeadsRequest, context: CallContext) async throws -> RecycleLeadsResponse {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let outcomes = try Self.outcomes(request.outcomes, "outcomes")
    guard !outcomes.isEmpty else {
      throw RPCError(.invalidArgument, "outcomes: name at least one, such as no_answer")
    }
    let cursor = request.cursor.isEmpty ? nil : try RequestField.id(LeadEntity.self, request.cursor, "cursor")
    return try await store.recycle(
      id, outcomes: outcomes, after: cursor, tenant: context.tenantID(), actor: context.actor, now: clock.now())
  }

  /// Outcomes whose leads may be called once more: not those of people who said no.
  private static func outcomes(
    _ wire: [RingmasterMessages.CallOutcome], _ field: String
  ) throws -> [Telephony.CallOutcome] {
    try wire.enumerated().map { index, outcome in
      guard let known = Telephony.CallOutcome(outcome) else {
        throw RPCError(.invalidArgument, "\(field)[\(index)]: is not a known outcome")
      }
      guard known != .notInterested && known != .wrongNumber else {
        throw RPCError(
          .invalidArgument, "\(field)[\(index)]: leads with \(known.rawValue) are not called again; they said so")
      }
      return known
    }
  }

  private static func differences(_ old: CampaignPolicy?, _ new: CampaignPolicy?) -> [PolicyDifference] {
    PolicyComparison.differences(from: old?.json ?? .null, to: new?.json ?? .null).map { found in
      var difference = PolicyDifference()
      difference.field = found.field
      difference.before = found.before?.serialize() ?? ""
      difference.after = found.after?.serialize() ?? ""
      return difference
    }
  }
}
