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
      of: campaign, lead: lead, tenant: context.tenantID(), after: try ListPosition(cursor: page.cursor),
      limit: page.limit)
    var response = ListPlannedActionsResponse()
    response.actions = actions
    if actions.count == page.limit, let last = actions.last, let at = last.plannedAt?.instant,
      let call = CallID(last.callId)
    {
      response.nextCursor = ListPosition(time: at, id: call).cursor
    }
    return response
  }
}
