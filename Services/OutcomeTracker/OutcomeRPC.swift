import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony

/// The RPC surface of outcome-tracker.
struct OutcomeRPC: OutcomeServiceHandler {
  let store: OutcomeStore

  func getCall(_ request: CallReference, context: CallContext) async throws -> CallRecord {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let record = try await store.call(call, tenant: context.tenantID()) else {
      throw RPCError(.notFound, "no ended call has the id \(call); one that is still going on has no outcome yet")
    }
    return record
  }

  func listCalls(_ request: ListCallsRequest, context: CallContext) async throws -> ListCallsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = request.leadId.isEmpty ? nil : try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    let page = try Page(request.page)
    var outcome: Telephony.CallOutcome?
    if request.outcome != .unspecified {
      outcome = Telephony.CallOutcome(request.outcome)
      if outcome == nil { throw RPCError(.invalidArgument, "outcome: \(request.outcome.rawValue) is not known") }
    }
    let calls = try await store.calls(
      of: campaign, lead: lead, outcome: outcome, tenant: context.tenantID(),
      after: try ListPosition(cursor: page.cursor),
      limit: page.limit)
    var response = ListCallsResponse()
    response.calls = calls.map(\.record)
    if calls.count == page.limit, let last = calls.last?.position {
      response.nextCursor = last.cursor
    }
    return response
  }

  func getTranscript(_ request: CallReference, context: CallContext) async throws -> Transcript {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    let tenant = try context.tenantID()
    var transcript = Transcript()
    transcript.callId = request.callId
    transcript.turns = try await store.transcript(of: call, tenant: tenant)
    if transcript.turns.isEmpty, try await store.call(call, tenant: tenant) == nil {
      throw RPCError(.notFound, "no ended call has the id \(call)")
    }
    return transcript
  }

  func getStatistics(_ request: GetStatisticsRequest, context: CallContext) async throws -> CallStatistics {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    return try await store.statistics(of: campaign, tenant: context.tenantID())
  }
}
