import CampaignTerms
import Core
import EventLog
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

enum ScheduledCallEntity {}
typealias ScheduledCallID = Identifier<ScheduledCallEntity>

/// Single calls that somebody asked for. Whoever changes one takes the lead's row out of the queue first, as a claim does:
/// one of the two gets it, and the other one finds it gone.
extension DialStore {
  /// What somebody asks for.
  struct WishedCall: Sendable {
    var campaign: CampaignID
    var lead: LeadID
    var at: Instant
    var notAfter: Instant?
    var reason: String
    var actor: String
    /// Empty: every request is one of its own.
    var key: String
  }

  /// Puts the lead in front of the queue, for the time asked for or the next opening after it.
  func schedule(_ wish: WishedCall, tenant: TenantID, now: Instant) async throws -> ScheduledCall {
    try await pool.transaction(name: "ScheduleCall") { transaction in
      if !wish.key.isEmpty { _ = try await transaction.query(query("LockScheduledCallKey"), tenant, wish.key) }
      if let known = try await answered(wish, tenant: tenant, in: transaction) { return known }
      guard let known = try await self.campaign(wish.campaign, tenant: tenant, in: transaction)
      else { throw RPCError(.notFound, "the dialer knows no campaign \(wish.campaign)") }
      guard !["cancelled", "completed"].contains(known.state) else {
        throw RPCError(.failedPrecondition, "the campaign is \(known.state); it makes no more calls")
      }
      guard let (task, place) = try await takeOut(wish.lead, of: wish.campaign, tenant: tenant, in: transaction)
      else { throw RPCError(.notFound, "campaign \(wish.campaign) has no lead \(wish.lead)") }
      let other = try await transaction.query(query("WaitingScheduledCall"), tenant, wish.campaign, wish.lead).first
      if let other = try other.map(ScheduledCall.init(row:)) {
        throw RPCError(
          .alreadyExists,
          "the lead is to be called at \(other.dueAt?.instant.rfc3339 ?? "") already, see \(other.scheduledCallId); cancel that first"
        )
      }
      return try await put(wish, task: task, before: place, known: known, tenant: tenant, now: now, in: transaction)
    }
  }

  /// Takes a lead out of the queue and locks it. Nil when the campaign does not have it; without a place when it does not
  /// wait, or waits for a call that somebody asked for.
  private func takeOut(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> (task: LockedTask, place: QueueEntry?)? {
    while true {
      let place = try await transaction.query(query("TakeFromQueue"), tenant, campaign, lead).first
      guard let task = try await tasks([lead], of: campaign, tenant: tenant, in: transaction)[lead] else { return nil }
      // A claim that took it a moment ago has put it back: it is there under another number of the row.
      if place == nil, task.isWaiting, !task.isRequested { continue }
      return (task, try place.map(Self.entry))
    }
  }

  /// What an earlier request with the same key asked for. A key serves one request.
  private func answered(
    _ wish: WishedCall, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> ScheduledCall? {
    guard !wish.key.isEmpty,
      let row = try await transaction.query(query("ScheduledCallByKey"), tenant, wish.key).first
    else { return nil }
    let call = try ScheduledCall(row: row)
    guard call.leadId == wish.lead.description, call.campaignId == wish.campaign.description else {
      throw RPCError(.alreadyExists, "the idempotency key was used for another lead; choose a new one")
    }
    return call
  }

  private func put(
    _ wish: WishedCall, task: LockedTask, before: QueueEntry?, known: KnownCampaign, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> ScheduledCall {
    let history = try await histories(of: [wish.lead], campaign: wish.campaign, tenant: tenant, in: transaction)
    var standing = CallWish.Standing.inFlight
    if let before {
      standing = .waiting(before)
    } else if !task.isOpen {
      let end = try await transaction.query(query("LeadEndAt"), tenant, wish.campaign, wish.lead, Instant.distantFuture)
      standing = .done(
        reason: try end.first?.get("reason") ?? "not_recorded",
        history[wish.lead]?.entry ?? QueueEntry(lead: wish.lead, rank: 0, dueAt: now))
    }
    let facts = try await facts(about: [(wish.lead, task.callee)], rules: known.rules, in: transaction)
    let placed: CallWish
    do throws(CallWish.Refusal) {
      placed = try CallWish(
        at: wish.at, notAfter: wish.notAfter, standing: standing, callee: task.callee, rules: known.rules,
        facts: facts, now: now)
    } catch {
      throw RPCError(.failedPrecondition, error.message)
    }
    try await putBack([placed.entry], campaign: wish.campaign, tenant: tenant, in: transaction)
    var endReason = ""
    if case .done(let reason, _) = standing {
      endReason = reason
      try await reopen(wish, dueAt: placed.entry.dueAt, tenant: tenant, now: now, in: transaction)
    }
    let rows = try await transaction.query(
      query("InsertScheduledCall"), tenant, ScheduledCallID.random(), wish.campaign, wish.lead, wish.at,
      placed.entry.dueAt, placed.dueReason, placed.notAfter, wish.reason, wish.actor, wish.key, now, before?.rank,
      before?.dueAt, before?.notAfter, before?.avoiding?.start, before?.avoiding?.end, endReason)
    var call = try ScheduledCall(row: rows[0])
    try await tell([call], tenant: tenant, now: now, in: transaction)
    if known.state != "active" { call.note = "the campaign is \(known.state): nothing is dialed until it is active" }
    return call
  }

  private func reopen(
    _ wish: WishedCall, dueAt: Instant, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(query("ReopenTask"), tenant, wish.campaign, wish.lead)
    try await transaction.execute(query("ReopenLeadEnd"), tenant, wish.campaign, wish.lead, now)
    var event = LeadReopened()
    event.campaignId = wish.campaign.description
    event.leadId = wish.lead.description
    event.dueAt = Timestamp(dueAt)
    event.reason = wish.reason
    try await events.append([NewEvent(key: event.leadId, message: event)], in: transaction, at: now, tenant: tenant)
  }

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
    let lead: LeadID = try row.get("lead_id")
    var entry = place
    guard let rank: Int = try row.get("before_rank"), let dueAt: Instant = try row.get("before_due_at") else {
      let finished = FinishedLead(lead: lead, reason: try row.get("before_reason"), attempts: entry.made)
      return try await finish([finished], campaign: campaign, tenant: tenant, now: now, in: transaction)
    }
    (entry.rank, entry.dueAt, entry.notAfter) = (rank, dueAt, try row.get("before_not_after"))
    if let start: Int = try row.get("before_avoid_start"), let end: Int = try row.get("before_avoid_end") {
      entry.avoiding = MinuteRange(start: start, end: end)
    }
    try await putBack([entry], campaign: campaign, tenant: tenant, in: transaction)
  }

  func scheduledCalls(
    of campaign: CampaignID, lead: LeadID?, state: String?, tenant: TenantID, after: ScheduledCallID, limit: Int
  ) async throws -> [ScheduledCall] {
    try await pool.query(query("ScheduledCallsPage"), tenant, campaign, after, lead, state, limit)
      .map(ScheduledCall.init(row:))
  }

  private func tell(
    _ calls: [ScheduledCall], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard !calls.isEmpty else { return }
    try await events.append(
      calls.map { call in
        var event = ScheduledCallChanged()
        event.call = call
        return NewEvent(key: call.leadId, message: event)
      }, in: transaction, at: now, tenant: tenant)
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

  /// The calls that somebody asked for are permitted.
  func placeScheduledCalls(
    _ attempts: [ClaimedAttempt], rules: CampaignRules, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let asked = attempts.filter { $0.entry.rank == QueueEntry.requested }
    guard !asked.isEmpty else { return }
    let rows = try await transaction.query(
      query("PlaceScheduledCalls"), rules.tenant, rules.campaign, asked.compactMap { LeadID($0.permit.leadId) },
      asked.map(\.call), now)
    try await tell(rows.map(ScheduledCall.init(row:)), tenant: rules.tenant, now: now, in: transaction)
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
    let rows = try await transaction.query(query("MissScheduledCalls"), tenant, campaign, leads, reason, now)
    try await tell(rows.map(ScheduledCall.init(row:)), tenant: tenant, now: now, in: transaction)
  }
}

extension ScheduledCall {
  fileprivate init(row: PostgresRow) throws {
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
