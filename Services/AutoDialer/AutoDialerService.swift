import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// The dialer's RPC surface: reads only. What is dialed follows from the facts alone.
struct AutoDialerService: DialerServiceHandler {
  let store: DialStore
  let clock: any BusinessClock

  func getAttempt(_ request: GetAttemptRequest, context: CallContext) async throws -> Attempt {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let attempt = try await store.attempt(call, tenant: context.tenantID()) else {
      throw RPCError(.notFound, "no attempt has the id \(call)")
    }
    return Attempt(attempt)
  }

  func listAttempts(_ request: ListAttemptsRequest, context: CallContext) async throws -> ListAttemptsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = request.leadId.isEmpty ? nil : try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    let page = try Page(request.page)
    let after =
      page.cursor.isEmpty
      ? CallID(UniqueID(high: 0, low: 0)) : try RequestField.id(CallEntity.self, page.cursor, "page.cursor")
    let attempts = try await store.attempts(
      of: campaign, lead: lead, tenant: context.tenantID(), after: after, limit: page.limit)
    var response = ListAttemptsResponse()
    response.attempts = attempts.map { Attempt($0) }
    if lead == nil, attempts.count == page.limit, let last = attempts.last {
      response.nextCursor = last.call.description
    }
    return response
  }

  func getQueue(_ request: GetQueueRequest, context: CallContext) async throws -> QueueStatus {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    return try await store.queueStatus(of: campaign, tenant: context.tenantID(), now: clock.now())
  }
}

extension Attempt {
  init(_ stored: DialStore.StoredAttempt) {
    self.init()
    permit = stored.permit
    outcome = stored.outcome?.wire ?? .unspecified
    endedAt = stored.endedAt.map(Timestamp.init)
    state =
      switch stored.state {
      case "permitted": .permitted
      case "placed": .placed
      case "dial_unknown": .dialUnknown
      case "ended": .ended
      case "withdrawn": .withdrawn
      default: .unspecified
      }
  }
}
