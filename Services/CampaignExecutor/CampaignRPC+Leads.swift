import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony

extension CampaignRPC {
  /// Rows of one batch at most.
  private static let largestBatch = 4000
  private static let longestKey = 200

  func openImport(_ request: OpenImportRequest, context: CallContext) async throws -> OpenImportResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    var response = OpenImportResponse()
    response.importId = try await store.openImport(
      of: campaign, fileName: String(request.fileName.prefix(255)), tenant: context.tenantID(), now: clock.now()
    ).description
    return response
  }

  func importLeads(_ request: ImportLeadsRequest, context: CallContext) async throws -> ImportLeadsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let importID = try RequestField.id(ImportEntity.self, request.importId, "import_id")
    guard request.batch > 0 else { throw RPCError(.invalidArgument, "batch: must be 1 or more") }
    guard request.leads.count + request.refused.count <= Self.largestBatch else {
      throw RPCError(.invalidArgument, "leads: at most \(Self.largestBatch) rows in one batch")
    }
    return try await store.importBatch(
      request, campaign: campaign, importID: importID, tenant: context.tenantID(), now: clock.now())
  }

  func closeImport(_ request: CloseImportRequest, context: CallContext) async throws -> ImportSummary {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let importID = try RequestField.id(ImportEntity.self, request.importId, "import_id")
    return try await store.closeImport(
      importID, campaign: campaign, complete: request.complete, tenant: context.tenantID(), now: clock.now())
  }

  func addLead(_ request: AddLeadRequest, context: CallContext) async throws -> AddLeadResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    guard let lead = request.lead else { throw RPCError(.invalidArgument, "lead is missing") }
    guard request.clientKey.count <= Self.longestKey else {
      throw RPCError(.invalidArgument, "client_key: at most \(Self.longestKey) characters")
    }
    return try await store.add(
      lead, clientKey: request.clientKey, to: campaign, tenant: context.tenantID(), now: clock.now())
  }

  func updateLead(_ request: UpdateLeadRequest, context: CallContext) async throws -> Lead {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let id = try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    guard let new = request.lead else { throw RPCError(.invalidArgument, "lead is missing") }
    guard let known = try await store.lead(id, of: campaign, tenant: context.tenantID()) else { throw noLead(id) }
    guard new.phone.isEmpty || new.phone == known.phone else {
      throw RPCError(.invalidArgument, "lead.phone: a lead's number cannot be changed; add a lead with the new one")
    }
    let accepted: LeadIntake.Accepted
    do {
      var candidate = try LeadIntake.Candidate(new)
      candidate.phone = known.phone
      accepted = try LeadIntake.accept(candidate, defaultRegion: nil)
    } catch {
      throw RPCError(lead: error)
    }
    return try await store.update(id, of: campaign, with: accepted, tenant: context.tenantID(), now: clock.now())
  }

  func getLead(_ request: GetLeadRequest, context: CallContext) async throws -> Lead {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let id = try RequestField.id(LeadEntity.self, request.leadId, "lead_id")
    guard let lead = try await store.lead(id, of: campaign, tenant: context.tenantID()) else { throw noLead(id) }
    return lead
  }

  func listLeads(_ request: ListLeadsRequest, context: CallContext) async throws -> ListLeadsResponse {
    let campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    let page = try Page(request.page)
    let after =
      page.cursor.isEmpty
      ? LeadID(UniqueID(high: 0, low: 0)) : try RequestField.id(LeadEntity.self, page.cursor, "page.cursor")
    let state: String? =
      switch request.state {
      case .open: "open"
      case .done: "done"
      case .unspecified: nil
      case .unrecognized(let value): throw RPCError(.invalidArgument, "state: \(value) is not known")
      }
    guard try await store.campaign(campaign, tenant: context.tenantID()) != nil else { throw notFound(campaign) }
    var response = ListLeadsResponse()
    response.leads = try await store.leads(
      of: campaign, tenant: context.tenantID(), after: after, state: state,
      outcome: Telephony.CallOutcome(request.outcome), limit: page.limit)
    if response.leads.count == page.limit { response.nextCursor = response.leads.last?.leadId ?? "" }
    return response
  }

  private func noLead(_ id: LeadID) -> RPCError { RPCError(.notFound, "no lead of the campaign has the id \(id)") }
}
