import CampaignTerms
import Core
import EventLog
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

/// Wishes that end: taken back, run out, or met by a claim.
extension DialStore {
  /// Takes a wish back: the lead stands where it stood before.
  func cancelScheduledCall(_ id: ScheduledCallID, tenant: TenantID, now: Instant) async throws -> ScheduledCall {
    let call = try await settle(id, tenant: tenant, as: "cancelled", reason: "", now: now)
    guard let call else { throw RPCError(.notFound, "no scheduled call has the id \(id)") }
    guard call.state == .cancelled else {
      let state = call.state == .placed ? "placed: call \(call.callId)" : "missed: \(call.stateReason)"
      throw RPCError(.failedPrecondition, "it cannot be cancelled any more; it was \(state)")
    }
    return call
  }

  /// Misses wishes that ran out by `now`, of all tenants. Answers how many it looked at.
  func expireScheduledCalls(most: Int, now: Instant) async throws -> Int {
    let rows = try await pool.query(query("ExpiredScheduledCalls"), now, most)
    for row in rows {
      _ = try await settle(
        row.get("scheduled_call_id"), tenant: row.get("tenant_id"), as: "missed", reason: "expired", now: now)
    }
    return rows.count
  }

  /// Ends a wish that is still to come and gives the lead its place back. Answers how it stands then; nil when there is
  /// none.
  private func settle(
    _ id: ScheduledCallID, tenant: TenantID, as state: String, reason: String, now: Instant
  ) async throws -> ScheduledCall? {
    try await pool.transaction(name: "SettleScheduledCall") { transaction in
      guard let row = try await transaction.query(query("ScheduledCallByID"), tenant, id).first else { return nil }
      guard try row.get("state", as: String.self) == "scheduled" else { return try ScheduledCall(row: row) }
      let campaign: CampaignID = try row.get("campaign_id")
      _ = try await holdCampaign(campaign, tenant: tenant, in: transaction)
      let place = try await transaction.query(
        query("TakeRequested"), tenant, campaign, row.get("lead_id", as: LeadID.self)
      ).first.map(Self.entry)
      let settled = try await transaction.query(query("SettleScheduledCall"), tenant, id, state, reason, now).first
      guard let settled else {
        // Somebody else has settled it since, and the place is that of another wish.
        if let place { try await putBack([place], campaign: campaign, tenant: tenant, in: transaction) }
        return try await transaction.query(query("ScheduledCallByID"), tenant, id).first.map(ScheduledCall.init(row:))
      }
      if let place { try await giveBack(settled, place, campaign: campaign, tenant: tenant, now: now, in: transaction) }
      let call = try ScheduledCall(row: settled)
      try await tell([call], tenant: tenant, now: now, in: transaction)
      return call
    }
  }

  /// A lead whose wish is over goes back to where it stood before.
  private func giveBack(
    _ row: PostgresRow, _ place: QueueEntry, campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws {
    guard let entry = try Self.before(row, place) else {
      let finished = FinishedLead(
        lead: place.lead, reason: try row.get("before_reason"), attempts: place.made)
      return try await finish([finished], campaign: campaign, tenant: tenant, now: now, in: transaction)
    }
    try await putBack([entry], campaign: campaign, tenant: tenant, in: transaction)
  }

  /// Where a lead at `place` stood before the call in `row` was asked for; nil when it was done.
  static func before(_ row: PostgresRow, _ place: QueueEntry) throws -> QueueEntry? {
    guard let rank: Int = try row.get("before_rank"), let dueAt: Instant = try row.get("before_due_at") else {
      return nil
    }
    var entry = place
    (entry.rank, entry.dueAt, entry.notAfter) = (rank, dueAt, try row.get("before_not_after"))
    if let start: Int = try row.get("before_avoid_start"), let end: Int = try row.get("before_avoid_end") {
      entry.avoiding = MinuteRange(start: start, end: end)
    }
    return entry
  }

  func scheduledCalls(
    of campaign: CampaignID, lead: LeadID?, state: String?, tenant: TenantID, after: ScheduledCallID, limit: Int
  ) async throws -> [ScheduledCall] {
    try await pool.query(query("ScheduledCallsPage"), tenant, campaign, after, lead, state, limit)
      .map(ScheduledCall.init(row:))
  }

  func tell(
    _ calls: [ScheduledCall], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try events.append(Self.changeEvents(calls), in: transaction, at: now, tenant: tenant)
  }

  static func changeEvents(_ calls: [ScheduledCall]) -> [NewEvent] {
    calls.map { call in
      var event = ScheduledCallChanged()
      event.call = call
      return NewEvent(key: call.leadId, message: event)
    }
  }
}

/// What a claim does about wishes.
extension DialStore {
  /// A call that was asked for never left: the wish is still to come, and holds until its end. Answers that end.
  func reviveScheduledCall(
    _ call: CallID, of lead: LeadID, campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> Instant? {
    let row = try await transaction.query(query("ReviveScheduledCall"), tenant, campaign, lead, call).first
    guard let row else { return nil }
    try await tell([ScheduledCall(row: row)], tenant: tenant, now: now, in: transaction)
    return try row.get("not_after")
  }

  /// What notes that calls that somebody asked for are permitted; answers how they stand then.
  func placeScheduledCalls(
    _ asked: [ClaimedAttempt], rules: CampaignRules, now: Instant, in transaction: PostgresTransaction
  ) async throws -> [ScheduledCall] {
    guard !asked.isEmpty else { return [] }
    return try await transaction.query(
      query("PlaceScheduledCalls"), rules.tenant, rules.campaign, asked.map(\.entry.lead), asked.map(\.call), now
    ).map(ScheduledCall.init(row:))
  }

  /// A claim found that leads must never be called; those among them that were asked for are missed.
  func missScheduledCalls(
    of leads: [FinishedLead], rules: CampaignRules, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    for (reason, leads) in Dictionary(grouping: leads, by: \.reason).sorted(by: { $0.key < $1.key }) {
      try await missScheduledCalls(
        of: rules.campaign, leads: leads.map(\.lead), tenant: rules.tenant, reason: reason, now: now, in: transaction)
    }
  }

  /// The wishes of leads that ended otherwise; of all leads of the campaign when none are named.
  func missScheduledCalls(
    of campaign: CampaignID, leads: [LeadID]? = nil, tenant: TenantID, reason: String, now: Instant,
    in transaction: PostgresTransaction
  ) async throws {
    let rows =
      if let leads {
        try await transaction.query(query("MissScheduledCalls"), tenant, campaign, reason, now, leads)
      } else {
        try await transaction.query(query("MissAllScheduledCalls"), tenant, campaign, reason, now)
      }
    try await tell(rows.map(ScheduledCall.init(row:)), tenant: tenant, now: now, in: transaction)
  }
}

extension ScheduledCall {
  init(row: PostgresRow) throws {
    self.init()
    scheduledCallId = try row.get("scheduled_call_id", as: ScheduledCallID.self).description
    campaignId = try row.get("campaign_id", as: CampaignID.self).description
    leadId = try row.get("lead_id", as: LeadID.self).description
    at = Timestamp(try row.get("wanted_at", as: Instant.self))
    dueAt = Timestamp(try row.get("due_at", as: Instant.self))
    dueReason = try row.get("due_reason")
    notAfter = Timestamp(try row.get("not_after", as: Instant.self))
    stateReason = try row.get("state_reason")
    reason = try row.get("reason")
    actor = try row.get("actor")
    createdAt = Timestamp(try row.get("created_at", as: Instant.self))
    callId = try row.get("call_id", as: CallID?.self)?.description ?? ""
    settledAt = try row.get("settled_at", as: Instant?.self).map(Timestamp.init)
    state =
      switch try row.get("state", as: String.self) {
      case "scheduled": .scheduled
      case "placed": .placed
      case "missed": .missed
      default: .cancelled
      }
  }
}
