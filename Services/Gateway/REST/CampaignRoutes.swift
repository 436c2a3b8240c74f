import CampaignTerms
import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/campaigns`: campaigns, their states and their progress.
struct CampaignRoutes: Sendable {
  let context: RESTContext

  /// How long a live stream waits at campaign-executor for news before it asks again.
  private static let newsWait = Duration.seconds(10)

  func add(to router: inout Router) {
    router.on(.post, "/api/campaigns") { request in try await relayed { try await create(request) } }
    router.on(.get, "/api/campaigns") { request in try await relayed { try await list(request) } }
    router.on(.get, "/api/campaigns/{id}") { request in try await relayed { try await get(request) } }
    router.on(.put, "/api/campaigns/{id}") { request in try await relayed { try await update(request) } }
    router.on(.delete, "/api/campaigns/{id}") { request in try await relayed { try await delete(request) } }
    for (name, change) in changes {
      router.on(.post, "/api/campaigns/{id}/\(name)") { request in
        try await relayed { try await self.change(request, by: change) }
      }
    }
    router.on(.get, "/api/campaigns/{id}/audit") { request in try await relayed { try await audit(request) } }
    router.on(.get, "/api/campaigns/{id}/progress") { request in try await relayed { try await progress(request) } }
    router.on(.get, "/api/campaigns/{id}/progress/live") { request in try await relayed { try await live(request) } }
    router.on(.get, "/api/campaigns/{id}/queue") { request in try await relayed { try await queue(request) } }
  }

  private typealias Change =
    @Sendable (CampaignServiceClient, ChangeCampaignStateRequest, CallOptions) async throws
    -> Campaign

  private var changes: [(String, Change)] {
    [
      ("start", { try await $0.startCampaign($1, options: $2) }),
      ("pause", { try await $0.pauseCampaign($1, options: $2) }),
      ("resume", { try await $0.resumeCampaign($1, options: $2) }),
      ("stop", { try await $0.stopCampaign($1, options: $2) }),
    ]
  }

  private func create(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var creation = CreateCampaignRequest()
    creation.policy = try await context.message(CampaignPolicy.self, from: request)
    let campaign = try await context.campaigns.createCampaign(creation, options: context.options(caller))
    var response = HTTPResponse.json(campaign.json, status: .created)
    response.headers["Location"] = "/api/campaigns/\(campaign.campaignId)"
    return response
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListCampaignsRequest()
    list.page = try PageRequest(request)
    return .json(try await context.campaigns.listCampaigns(list, options: context.options(caller)).json)
  }

  private func get(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    return .json(
      try await context.campaigns.getCampaign(reference(request), options: context.options(caller)).json)
  }

  private func update(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var update = UpdateCampaignRequest()
    update.campaignId = request.parameter("id")
    update.policy = try await context.message(CampaignPolicy.self, from: request)
    update.expectedVersion = try RESTContext.integer("expectedVersion", in: request) ?? 0
    return .json(try await context.campaigns.updateCampaign(update, options: context.options(caller)).json)
  }

  private func delete(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var deletion = DeleteCampaignRequest()
    deletion.campaignId = request.parameter("id")
    _ = try await context.campaigns.deleteCampaign(deletion, options: context.options(caller))
    return .empty()
  }

  private func change(_ request: HTTPRequest, by change: Change) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = try await context.message(ChangeCampaignStateRequest.self, from: request)
    wish.campaignId = request.parameter("id")
    return .json(try await change(context.campaigns, wish, context.options(caller)).json)
  }

  private func audit(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    return .json(
      try await context.campaigns.listCampaignAudit(reference(request), options: context.options(caller)).json)
  }

  private func progress(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetProgressRequest()
    wish.campaignId = request.parameter("id")
    return .json(try await context.campaigns.getProgress(wish, options: context.options(caller)).json)
  }

  /// Server-sent events: one `progress` with every change, the last when the campaign is over.
  private func live(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetProgressRequest()
    wish.campaignId = request.parameter("id")
    // Asked once before the stream begins, so that a wrong id is a plain 404.
    let first = try await context.campaigns.getProgress(wish, options: context.options(caller))
    return .serverSentEvents { [wish] events in
      var progress = first
      var wish = wish
      wish.wait = ProtobufDuration(Self.newsWait)
      while true {
        if progress.revision > wish.afterRevision {
          try await events.send(data: progress.json.serialize(), event: "progress", id: String(progress.revision))
        }
        if progress.state == .completed || progress.state == .cancelled { return }
        wish.afterRevision = progress.revision
        progress = try await context.campaigns.getProgress(
          wish, options: context.options(caller, deadline: Self.newsWait + .seconds(5)))
      }
    }
  }

  private func queue(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetQueueRequest()
    wish.campaignId = request.parameter("id")
    return .json(try await context.dialer.getQueue(wish, options: context.options(caller)).json)
  }

  private func reference(_ request: HTTPRequest) -> GetCampaignRequest {
    var reference = GetCampaignRequest()
    reference.campaignId = request.parameter("id")
    return reference
  }
}

extension PageRequest {
  /// `?limit=` and `?cursor=`.
  init(_ request: HTTPRequest) throws {
    self.init()
    limit = try RESTContext.integer("limit", in: request) ?? 0
    cursor = request.query["cursor"] ?? ""
  }
}
