import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/campaigns/{id}/…`: how calls went, versions of the policy, copies, and leads that are called once more.
struct CampaignHistoryRoutes: Sendable {
  let context: RESTContext

  /// Copying and calling again may look through all leads of a campaign for those that are meant.
  private static let patience = Duration.seconds(120)

  func add(to router: inout Router) {
    router.on(.get, "/api/campaigns/{id}/analytics") { request in
      try await relayed { try await analytics(request) }
    }
    router.on(.get, "/api/campaigns/{id}/versions") { request in try await relayed { try await versions(request) } }
    router.on(.get, "/api/campaigns/{id}/versions/compare") { request in
      try await relayed { try await compare(request) }
    }
    router.on(.post, "/api/campaigns/{id}/clone") { request in try await relayed { try await clone(request) } }
    router.on(.post, "/api/campaigns/{id}/recycle") { request in try await relayed { try await recycle(request) } }
  }

  private func analytics(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetCampaignRequest()
    wish.campaignId = request.parameter("id")
    return .json(try await context.campaigns.getAnalytics(wish, options: context.options(caller)).json)
  }

  private func versions(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListPolicyVersionsRequest()
    list.campaignId = request.parameter("id")
    list.page = try PageRequest(request)
    return .json(try await context.campaigns.listPolicyVersions(list, options: context.options(caller)).json)
  }

  /// `?from=1&to=3`; without `to`, with the version that stands.
  private func compare(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    guard let from = try RESTContext.integer("from", in: request) else {
      throw HTTPError.badRequest("from is missing: the version to compare with, such as ?from=1")
    }
    var comparison = ComparePolicyVersionsRequest()
    comparison.campaignId = request.parameter("id")
    comparison.fromVersion = from
    comparison.toVersion = try RESTContext.integer("to", in: request) ?? 0
    return .json(
      try await context.campaigns.comparePolicyVersions(comparison, options: context.options(caller)).json)
  }

  private func clone(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = try await context.message(CloneCampaignRequest.self, from: request)
    wish.campaignId = request.parameter("id")
    let campaign = try await context.campaigns.cloneCampaign(
      wish, options: context.options(caller, deadline: Self.patience))
    var response = HTTPResponse.json(campaign.json, status: .created)
    response.headers["Location"] = "/api/campaigns/\(campaign.campaignId)"
    return response
  }

  private func recycle(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = try await context.message(RecycleLeadsRequest.self, from: request)
    wish.campaignId = request.parameter("id")
    return .json(
      try await context.campaigns.recycleLeads(wish, options: context.options(caller, deadline: Self.patience)).json)
  }
}
