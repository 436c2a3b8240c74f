import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// A lead that is done in its campaign, and why.
struct FinishedLead: Sendable {
  var lead: LeadID
  var reason: String
  var attempts: Int
  var outcome: Telephony.CallOutcome?
  var call: CallID?
}

/// Into the queue and out of it for good.
extension DialStore {
  /// What puts entries into the queue whose leads wait again.
  func puttingBack(_ entries: [QueueEntry], campaign: CampaignID, tenant: TenantID) throws -> [PostgresStatement] {
    guard !entries.isEmpty else { return [] }
    return [
      PostgresStatement(
        try query("PutBack"), tenant, campaign, entries.map(\.lead), entries.map(\.rank), entries.map(\.dueAt),
        entries.map(\.attempts), entries.map(\.withdrawn), entries.map(\.nextNumber), entries.map(\.spentNumbers),
        entries.map(\.notAfter), entries.map { $0.avoiding?.start }, entries.map { $0.avoiding?.end })
    ]
  }

  func putBack(
    _ entries: [QueueEntry], campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws {
    _ = try await transaction.run(puttingBack(entries, campaign: campaign, tenant: tenant))
  }

  /// What ends leads; `finishedEvents` tells of it.
  func finishing(
    _ leads: [FinishedLead], campaign: CampaignID, tenant: TenantID, now: Instant
  ) throws -> [PostgresStatement] {
    guard !leads.isEmpty else { return [] }
    return [
      PostgresStatement(try query("FinishTasks"), tenant, campaign, leads.map(\.lead)),
      PostgresStatement(try query("AddLeadEnds"), tenant, campaign, leads.map(\.lead), leads.map(\.reason), now),
    ]
  }

  static func finishedEvents(_ leads: [FinishedLead], campaign: CampaignID) -> [NewEvent] {
    leads.map { finished in
      var event = LeadFinished()
      event.campaignId = campaign.description
      event.leadId = finished.lead.description
      event.outcome = finished.outcome?.wire ?? .unspecified
      event.reason = finished.reason
      event.attempts = Int32(finished.attempts)
      event.callId = finished.call?.description ?? ""
      return NewEvent(key: event.leadId, message: event)
    }
  }

  /// Ends leads and tells of it.
  func finish(
    _ leads: [FinishedLead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    _ = try await transaction.run(finishing(leads, campaign: campaign, tenant: tenant, now: now))
    try events.append(
      Self.finishedEvents(leads, campaign: campaign), in: transaction, at: now, tenant: tenant)
  }

  /// Tells of leads whose rows are done already.
  func tellFinished(
    _ leads: [FinishedLead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard !leads.isEmpty else { return }
    try await transaction.execute(
      query("AddLeadEnds"), tenant, campaign, leads.map(\.lead), leads.map(\.reason), now)
    try events.append(
      Self.finishedEvents(leads, campaign: campaign), in: transaction, at: now, tenant: tenant)
  }

  /// A lead as the queue holds it.
  func lead(_ lead: LeadID, of campaign: CampaignID, tenant: TenantID) async throws -> Lead? {
    try await pool.query(query("LeadOfTask"), tenant, campaign, lead).first.map {
      try Lead.decode($0.get("lead", as: [UInt8].self))
    }
  }

  /// The place in the queue of a row that has its columns.
  static func entry(_ row: PostgresRow) throws -> QueueEntry {
    var entry = QueueEntry(
      lead: try row.get("lead_id"), rank: try row.get("rank"), dueAt: try row.get("due_at"),
      attempts: try row.get("attempts"), withdrawn: try row.get("withdrawn"), nextNumber: try row.get("next_number"),
      spentNumbers: try row.get("spent_numbers"), notAfter: try row.get("not_after"))
    if let start: Int = try row.get("avoid_start", as: Int?.self),
      let end: Int = try row.get("avoid_end", as: Int?.self)
    {
      entry.avoiding = MinuteRange(start: start, end: end)
    }
    return entry
  }
}
