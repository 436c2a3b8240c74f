import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/notifications` and `/api/webhooks`: what people are told, and what other systems are told.
struct WebhookRoutes: Sendable {
  let context: RESTContext

  func add(to router: inout Router) {
    router.on(.get, "/api/notifications") { request in try await relayed { try await notifications(request) } }
    router.on(.post, "/api/webhooks") { request in try await relayed { try await create(request) } }
    router.on(.get, "/api/webhooks") { request in try await relayed { try await list(request) } }
    router.on(.get, "/api/webhooks/{webhook}") { request in try await relayed { try await get(request) } }
    router.on(.delete, "/api/webhooks/{webhook}") { request in try await relayed { try await delete(request) } }
    router.on(.post, "/api/webhooks/{webhook}/replay") { request in try await relayed { try await replay(request) } }
    router.on(.get, "/api/webhooks/{webhook}/messages") { request in
      try await relayed { try await messages(request) }
    }
  }

  private func notifications(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListNotificationsRequest()
    list.page = try PageRequest(request)
    list.campaignId = request.query["campaign"] ?? ""
    return .json(try await context.notifications.listNotifications(list, options: context.options(caller)).json)
  }

  private func create(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    let wish = try await context.message(CreateWebhookRequest.self, from: request)
    let answer = try await context.webhooks.createWebhook(wish, options: context.options(caller))
    var response = HTTPResponse.json(answer.json, status: .created)
    response.headers["Location"] = "/api/webhooks/\(answer.endpoint?.endpointId ?? "")"
    return response
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListWebhooksRequest()
    list.page = try PageRequest(request)
    return .json(try await context.webhooks.listWebhooks(list, options: context.options(caller)).json)
  }

  private func get(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    return .json(try await context.webhooks.getWebhook(reference(request), options: context.options(caller)).json)
  }

  private func delete(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    _ = try await context.webhooks.deleteWebhook(reference(request), options: context.options(caller))
    return .empty()
  }

  private func replay(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = try await context.message(ReplayWebhookRequest.self, from: request)
    wish.endpointId = request.parameter("webhook")
    return .json(try await context.webhooks.replayWebhook(wish, options: context.options(caller)).json)
  }

  /// `?after=17&limit=100`: for a receiver that sees from a sequence number that it missed something.
  private func messages(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListWebhookMessagesRequest()
    list.endpointId = request.parameter("webhook")
    list.limit = try RESTContext.integer("limit", in: request) ?? 0
    if let text = request.query["after"] {
      guard let after = Int64(text) else { throw HTTPError.badRequest("after: \"\(text)\" is no whole number") }
      list.afterSequence = after
    }
    return .json(try await context.webhooks.listWebhookMessages(list, options: context.options(caller)).json)
  }

  private func reference(_ request: HTTPRequest) -> WebhookReference {
    var reference = WebhookReference()
    reference.endpointId = request.parameter("webhook")
    return reference
  }
}
