import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices

/// The RPC surface of qualification-scorer.
struct ScorerService: ScorerServiceHandler {
  let store: ScoreStore
  let clock: any BusinessClock

  func scoreCall(_ request: ScoreCallRequest, context: CallContext) async throws -> Score {
    let tenant = try context.tenantID()
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    if let known = try await store.score(of: call, tenant: tenant) { return known }
    guard let (version, policy) = try await store.policy(of: campaign, tenant: tenant) else {
      throw RPCError(.notFound, "the campaign \(campaign) is not known here yet; its event may still be on its way")
    }
    let turns = request.transcript.map { ConversationTurn(isPerson: $0.speaker == .person, text: $0.text) }
    let extraction = RuleExtractor.extract(turns)
    let qualification = Qualification(
      extraction, criteria: policy.criteria.compactMap(Criterion.init), minimum: Int(policy.minQualificationScore))
    return try await store.keep(
      Score(extraction, qualification), call: call, campaign: campaign, lead: lead, policyVersion: version,
      tenant: tenant, now: clock.now())
  }

  func getScore(_ request: CallReference, context: CallContext) async throws -> Score {
    let call = try RequestField.id(CallEntity.self, request.callId, "call_id")
    guard let score = try await store.score(of: call, tenant: context.tenantID()) else {
      throw RPCError(.notFound, "the call \(call) was not scored")
    }
    return score
  }
}
