import CampaignTerms
import Core
import Crypto
import RPC
import RingmasterMessages
import RingmasterServices

/// The RPC surface of campaign-executor: notifications and webhooks.
struct WebhookRPC: WebhookServiceHandler, NotificationServiceHandler {
  let store: WebhookStore
  /// Real time: receivers live in it.
  let wallClock: any BusinessClock

  func listNotifications(
    _ request: ListNotificationsRequest, context: CallContext
  ) async throws -> ListNotificationsResponse {
    let page = try Page(request.page)
    let before =
      page.cursor.isEmpty
      ? NotificationID(UniqueID(high: .max, low: .max))
      : try RequestField.id(NotificationEntity.self, page.cursor, "page.cursor")
    let campaign =
      request.campaignId.isEmpty
      ? nil : try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    var response = ListNotificationsResponse()
    response.notifications = try await store.campaigns.notifications(
      tenant: context.tenantID(), before: before, campaign: campaign, limit: page.limit)
    if response.notifications.count == page.limit {
      response.nextCursor = response.notifications.last?.notificationId ?? ""
    }
    return response
  }

  func createWebhook(_ request: CreateWebhookRequest, context: CallContext) async throws -> CreateWebhookResponse {
    do {
      try WebhookAddress.check(request.url)
    } catch {
      throw RPCError(.invalidArgument, "url: \(error.message)")
    }
    for (index, kind) in request.kinds.enumerated() where WebhookKind(rawValue: kind) == nil {
      throw RPCError(
        .invalidArgument,
        "kinds[\(index)]: \"\(kind)\" is not known; known are \(WebhookKind.names.joined(separator: ", "))")
    }
    let secret = SecureRandom.bytes(WebhookSignature.secretBytes)
    var response = CreateWebhookResponse()
    response.endpoint = try await store.create(
      url: request.url, secret: secret, kinds: Set(request.kinds).sorted(), tenant: context.tenantID(),
      now: wallClock.now())
    response.secret = WebhookSignature.text(ofSecret: secret)
    return response
  }

  func getWebhook(_ request: WebhookReference, context: CallContext) async throws -> WebhookEndpoint {
    let id = try RequestField.id(WebhookEntity.self, request.endpointId, "endpoint_id")
    guard let endpoint = try await store.endpoint(id, tenant: context.tenantID()) else { throw notFound(id) }
    return endpoint
  }

  func listWebhooks(_ request: ListWebhooksRequest, context: CallContext) async throws -> ListWebhooksResponse {
    let page = try Page(request.page)
    let after =
      page.cursor.isEmpty
      ? WebhookID(UniqueID(high: 0, low: 0)) : try RequestField.id(WebhookEntity.self, page.cursor, "page.cursor")
    var response = ListWebhooksResponse()
    response.endpoints = try await store.endpoints(tenant: context.tenantID(), after: after, limit: page.limit)
    if response.endpoints.count == page.limit { response.nextCursor = response.endpoints.last?.endpointId ?? "" }
    return response
  }

  func deleteWebhook(_ request: WebhookReference, context: CallContext) async throws -> DeleteWebhookResponse {
    let id = try RequestField.id(WebhookEntity.self, request.endpointId, "endpoint_id")
    try await store.delete(id, tenant: context.tenantID())
    return DeleteWebhookResponse()
  }

  func replayWebhook(_ request: ReplayWebhookRequest, context: CallContext) async throws -> WebhookEndpoint {
    let id = try RequestField.id(WebhookEntity.self, request.endpointId, "endpoint_id")
    return try await store.replay(
      id, from: request.fromSequence, tenant: context.tenantID(), now: wallClock.now())
  }

  func listWebhookMessages(
    _ request: ListWebhookMessagesRequest, context: CallContext
  ) async throws -> ListWebhookMessagesResponse {
    let id = try RequestField.id(WebhookEntity.self, request.endpointId, "endpoint_id")
    let limit = request.limit == 0 ? Page.defaultLimit : Int(request.limit)
    guard (1...Page.maximumLimit).contains(limit) else {
      throw RPCError(.invalidArgument, "limit: \(limit) is outside 1 to \(Page.maximumLimit)")
    }
    let tenant = try context.tenantID()
    guard try await store.endpoint(id, tenant: tenant) != nil else { throw notFound(id) }
    var response = ListWebhookMessagesResponse()
    response.messages = try await store.messages(
      of: id, tenant: tenant, after: request.afterSequence, limit: limit)
    return response
  }

  private func notFound(_ id: WebhookID) -> RPCError { RPCError(.notFound, "no webhook has the id \(id)") }
}
