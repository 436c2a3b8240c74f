import CampaignTerms
import Core
import Postgres
import Telephony

/// What calls do to leads.
extension CampaignStore {
  /// An attempt at a lead started. Answers how many there were with it; nil when the lead is gone.
  func called(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, at: Instant, in transaction: PostgresTransaction
  ) async throws -> Int? {
    try await transaction.query(query("LeadCalled"), tenant, campaign, lead, at).first?.get("attempts")
  }

  /// An attempt never left. Answers how many there are without it; nil when the lead is gone.
  func notCalled(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, dueAt: Instant?, in transaction: PostgresTransaction
  ) async throws -> Int? {
    try await transaction.query(query("LeadNotCalled"), tenant, campaign, lead, dueAt).first?.get("attempts")
  }

  func waits(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, outcome: Telephony.CallOutcome?, dueAt: Instant?,
    in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(query("LeadWaits"), tenant, campaign, lead, outcome?.rawValue, dueAt)
  }

  /// The lead is done. Answers its final outcome and its attempts; nil when it was done before, or is gone.
  func done(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, outcome: Telephony.CallOutcome?, reason: String,
    in transaction: PostgresTransaction
  ) async throws -> (outcome: Telephony.CallOutcome?, attempts: Int)? {
    guard
      let row = try await transaction.query(
        query("LeadDone"), tenant, campaign, lead, outcome?.rawValue, reason
      ).first
    else { return nil }
    return (
      try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:)), try row.get("attempts")
    )
  }

  /// The lead is open again. Answers the end that it had; nil when it had none.
  func reopened(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, dueAt: Instant?, in transaction: PostgresTransaction
  ) async throws -> (outcome: Telephony.CallOutcome?, reason: String, attempts: Int)? {
    guard let row = try await transaction.query(query("LeadReopened"), tenant, campaign, lead, dueAt).first else {
      return nil
    }
    return (
      try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:)),
      try row.get("done_reason"), try row.get("attempts")
    )
  }

  func scored(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, score: Int, in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(query("LeadScored"), tenant, campaign, lead, score)
  }
}
