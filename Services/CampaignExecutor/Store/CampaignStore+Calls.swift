import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

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

  /// The lead is done. Answers how it is now; nil when it was done before, or is gone.
  func done(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, outcome: Telephony.CallOutcome?, reason: String,
    in transaction: PostgresTransaction
  ) async throws -> Lead? {
    try await transaction.query(query("LeadDone"), tenant, campaign, lead, outcome?.rawValue, reason).first
      .map(Lead.init)
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

  /// Tells of leads that have their final outcome.
  func tell(
    completed leads: [Lead], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try events.append(
      leads.map { lead in
        var event = LeadCompleted()
        event.lead = lead
        return NewEvent(key: lead.campaignId, message: event)
      }, in: transaction, at: now, tenant: tenant)
  }

  /// A call ended. Answers whether it was the first in which a person spoke, and the lead's zone, empty when it is not known;
  /// nil when the lead is gone.
  ///
  /// - Parameters:
  ///   - score: Nil when the call was not scored.
  ///   - reachedOn: The call's number when a person spoke.
  func spoke(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, score: Int?, reachedOn: Int?,
    in transaction: PostgresTransaction
  ) async throws -> (isFirst: Bool, timeZone: String)? {
    try await transaction.query(query("LeadSpoke"), tenant, campaign, lead, score, reachedOn).first.map {
      (try $0.get("is_first"), try $0.get("time_zone"))
    }
  }
}
