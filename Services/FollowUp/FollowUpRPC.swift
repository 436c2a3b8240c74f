import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// The RPC surface of follow-up.
struct FollowUpRPC: FollowUpServiceHandler {
  let store: ActionStore

  func listPlannedActions(
    _ request: ListPlannedActionsRequest, context: CallContext
  ) async throws -> ListPlannedActionsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = request.leadId.isEmpty ? nil : try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    let page = try Page(request.page)
    let actions = try await store.actions(
      of: campaign, lead: lead, tenant: context.tenantID(), after: try position(page.cursor), limit: page.limit)
    var response = ListPlannedActionsResponse()
    response.actions = actions
    if actions.count == page.limit, let last = actions.last, let at = last.plannedAt?.instant {
      response.nextCursor = "\(at.microsecondsSince1970).\(last.callId)"
    }
    return response
  }

  /// "microseconds.call", as a previous answer gave it.
  private func position(_ cursor: String) throws -> ActionStore.Position {
    if cursor.isEmpty { return .start }
    let parts = cursor.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let microseconds = Int64(parts[0]), let call = CallID(String(parts[1])) else {
      throw RPCError(.invalidArgument, "page.cursor: \"\(cursor)\" did not come from this list")
    }
    return .init(plannedAt: Instant(microsecondsSince1970: microseconds), call: call)
  }
}
