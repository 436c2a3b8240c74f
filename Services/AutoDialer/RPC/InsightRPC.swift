import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// Why leads are called when they are: the RPC surface. Reads only.
struct InsightRPC: InsightServiceHandler {
  let store: DialStore
  let clock: any BusinessClock

  func explainLead(_ request: ExplainLeadRequest, context: CallContext) async throws -> LeadExplanation {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let lead = try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    let tenant = try context.tenantID()
    let now = clock.now()
    let instant = request.at?.instant ?? now
    let isPast = instant < now
    let insight =
      isPast
      ? try await store.pastInsight(into: lead, of: campaign, tenant: tenant, at: instant)
      : try await store.insight(into: lead, of: campaign, tenant: tenant, at: instant, now: now)
    guard let insight else {
      throw RPCError(.notFound, "campaign \(campaign) has no lead \(lead); one that was just added takes a moment")
    }
    var answer = LeadExplanation(insight, at: instant)
    answer.campaignId = campaign.description
    answer.leadId = lead.description
    answer.basis = isPast ? .past : instant > now ? .future : .present
    if instant > now {
      answer.notes.append("calls between now and then are not foreseen: limits are taken as if none were made")
    }
    return answer
  }

  func explainCampaign(_ request: ExplainCampaignRequest, context: CallContext) async throws -> CampaignExplanation {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let now = clock.now()
    guard let insight = try await store.insight(into: id, tenant: context.tenantID(), now: now) else { throw none(id) }
    return CampaignExplanation(insight, at: now)
  }

  func previewPolicy(_ request: PreviewPolicyRequest, context: CallContext) async throws -> PolicyPreview {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    guard let policy = request.policy else { throw RPCError(.invalidArgument, "policy is missing") }
    let terms: CampaignTerms
    do {
      terms = try CampaignTerms(policy)
    } catch {
      throw RPCError(.invalidArgument, error.description)
    }
    let now = clock.now()
    guard let preview = try await store.preview(terms, of: id, tenant: context.tenantID(), now: now) else {
      throw none(id)
    }
    var answer = PolicyPreview(preview)
    answer.campaignId = id.description
    answer.at = Timestamp(now)
    return answer
  }

  func readProof(_ request: ReadProofRequest, context: CallContext) async throws -> ProofPage {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let tenant = try context.tenantID()
    let cursor: ProofCursor
    if request.cursor.isEmpty {
      cursor = ProofCursor(asOf: clock.now())
    } else if let read = ProofCursor(request.cursor) {
      cursor = read
    } else {
      throw RPCError(.invalidArgument, "cursor: \"\(request.cursor)\" did not come from this proof")
    }
    guard let page = try await store.proofPage(of: id, tenant: tenant, after: cursor) else { throw none(id) }
    var answer = ProofPage()
    answer.lines = page.lines
    answer.nextCursor = page.next?.description ?? ""
    return answer
  }

  private func none(_ id: CampaignID) -> RPCError { RPCError(.notFound, "the dialer knows no campaign \(id)") }
}
