import CampaignTerms
import Core
import Lifecycle
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// Single calls that somebody asks for: the RPC surface.
struct SchedulingRPC: SchedulingServiceHandler {
  let store: DialStore
  let calls: ScheduledCalls
  let clock: any BusinessClock

  private static let longestReason = 500

  func scheduleCall(_ request: ScheduleCallRequest, context: CallContext) async throws -> ScheduledCall {
    try await schedule(request, at: request.at?.instant, context)
  }

  func callNow(_ request: ScheduleCallRequest, context: CallContext) async throws -> ScheduledCall {
    guard request.at == nil else {
      throw RPCError(.invalidArgument, "at: a call for now has no time; use ScheduleCall for a later one")
    }
    return try await schedule(request, at: nil, context)
  }

  func cancelScheduledCall(
    _ request: CancelScheduledCallRequest, context: CallContext
  ) async throws -> ScheduledCall {
    let id = try RequestField.id(ScheduledCallEntity.self, request.scheduledCallId, "scheduled_call_id")
    return try await store.cancelScheduledCall(id, tenant: context.tenantID(), now: clock.now())
  }

  func listScheduledCalls(
    _ request: ListScheduledCallsRequest, context: CallContext
  ) async throws -> ListScheduledCallsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = request.leadId.isEmpty ? nil : try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    let page = try Page(request.page)
    let after =
      page.cursor.isEmpty
      ? ScheduledCallID(UniqueID(high: 0, low: 0))
      : try RequestField.id(ScheduledCallEntity.self, page.cursor, "page.cursor")
    var response = ListScheduledCallsResponse()
    response.calls = try await store.scheduledCalls(
      of: campaign, lead: lead, state: try Self.state(request.state), tenant: context.tenantID(), after: after,
      limit: page.limit)
    if response.calls.count == page.limit { response.nextCursor = response.calls.last?.scheduledCallId ?? "" }
    return response
  }

  private func schedule(
    _ request: ScheduleCallRequest, at: Instant?, _ context: CallContext
  ) async throws -> ScheduledCall {
    let now = clock.now()
    if let notAfter = request.notAfter?.instant, notAfter <= max(at ?? now, now) {
      throw RPCError(.invalidArgument, "not_after: must lie after the time of the call and after now (\(now.rfc3339))")
    }
    guard request.reason.count <= Self.longestReason else {
      throw RPCError(.invalidArgument, "reason: at most \(Self.longestReason) characters")
    }
    let wish = DialStore.WishedCall(
      tenant: try context.tenantID(),
      campaign: try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id"),
      lead: try RequestField.id(LeadEntity.self, request.leadId, "lead_id"), at: at ?? now,
      notAfter: request.notAfter?.instant, reason: request.reason, actor: context.actor, key: context.idempotencyKey)
    do {
      return try await calls.ask(wish)
    } catch is BatcherEnded {
      throw RPCError(.unavailable, "this dialer is ending; another one, or itself in a moment, takes the call")
    }
  }

  private static func state(_ state: ScheduledCallState) throws -> String? {
    switch state {
    case .unspecified: nil
    case .scheduled: "scheduled"
    case .placed: "placed"
    case .missed: "missed"
    case .cancelled: "cancelled"
    case .unrecognized(let value): throw RPCError(.invalidArgument, "state: \(value) is not known")
    }
  }
}
