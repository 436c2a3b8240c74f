import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What was planned for leads.
struct ActionStore: Sendable {
  let pool: PostgresPool
  private let insert: NamedQuery
  private let ofCampaign: NamedQuery
  private let ofLead: NamedQuery

  init(pool: PostgresPool) throws {
    self.pool = pool
    let catalog = try QueryCatalog(PackageResources.follow_up_queries_sql)
    insert = try catalog.query("InsertPlannedAction")
    ofCampaign = try catalog.query("ActionsOfCampaign")
    ofLead = try catalog.query("ActionsOfLead")
  }

  func plan(
    _ step: NextStep, after outcome: Telephony.CallOutcome?, call: CallID, campaign: CampaignID, lead: LeadID,
    tenant: TenantID, at now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(
      insert, tenant, call, campaign, lead, outcome?.rawValue ?? "", step.emailCampaign.rawValue, step.action,
      step.reason, now)
  }

  /// A page after `position`: those of one lead, or of a whole campaign.
  func actions(
    of campaign: CampaignID, lead: LeadID?, tenant: TenantID, after position: ListPosition<CallEntity>, limit: Int
  ) async throws -> [PlannedAction] {
    let rows =
      if let lead {
        try await pool.query(ofLead, tenant, lead, position.time, position.id, limit)
      } else {
        try await pool.query(ofCampaign, tenant, campaign, position.time, position.id, limit)
      }
    return try rows.map { row in
      var action = PlannedAction()
      action.callId = try row.get("call_id", as: CallID.self).description
      action.campaignId = try row.get("campaign_id", as: CampaignID.self).description
      action.leadId = try row.get("lead_id", as: LeadID.self).description
      action.outcome = Telephony.CallOutcome(rawValue: try row.get("outcome"))?.wire ?? .unspecified
      action.emailCampaign = try row.get("email_campaign")
      action.action = try row.get("action")
      action.reason = try row.get("reason")
      action.plannedAt = Timestamp(try row.get("planned_at", as: Instant.self))
      return action
    }
  }
}
