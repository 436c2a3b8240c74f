import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What becomes of attempts once they are permitted.
extension DialStore {
  /// The bridge has the call; it is looked at again after `lookSeconds` if nothing is heard.
  func markPlaced(_ call: CallID, tenant: TenantID, lookSeconds: Double) async throws {
    try await pool.execute(query("MarkPlaced"), tenant, call, lookSeconds)
  }

  /// Nobody knows whether the call left: it is looked up after `lookSeconds`, never dialed again.
  func markUnknown(_ call: CallID, tenant: TenantID, lookSeconds: Double) async throws {
    try await pool.execute(query("MarkUnknown"), tenant, call, lookSeconds)
  }

  /// An attempt that nobody has settled by its time.
  struct UnsettledAttempt: Sendable {
    var tenant: TenantID
    var campaign: CampaignID
    var call: CallID
    var state: String
    var permit: DialPermit
    /// How often it was looked at before.
    var looks: Int
  }

  /// Attempts whose look is due. Taking them moves their next look on by `seconds`, so that instances share them.
  func claimUnsettled(most: Int, seconds: Double) async throws -> [UnsettledAttempt] {
    try await pool.query(query("ClaimUnsettled"), most, seconds).map { row in
      UnsettledAttempt(
        tenant: try row.get("tenant_id"), campaign: try row.get("campaign_id"), call: try row.get("call_id"),
        state: try row.get("state"), permit: try DialPermit.decode(row.get("permit", as: [UInt8].self)),
        looks: try row.get("looks"))
    }
  }

  /// The call provably never left: the attempt is withdrawn, the slot is free and the lead is due again as it was.
  /// Does nothing when the attempt was settled meanwhile.
  func withdraw(_ call: CallID, tenant: TenantID, now: Instant) async throws {
    try await pool.transaction(name: "WithdrawAttempt") { transaction in
      guard try await transaction.execute(query("MarkWithdrawn"), tenant, call, now) == 1,
        let row = try await transaction.query(query("AttemptByID"), tenant, call).first
      else { return }
      let campaign: CampaignID = try row.get("campaign_id")
      let lead: LeadID = try row.get("lead_id")
      try await transaction.execute(query("FreeLease"), tenant, campaign, call)
      guard let task = try await transaction.query(query("LockTask"), tenant, campaign, lead).first else { return }
      let priority: Int = try task.get("priority")
      try await transaction.execute(
        query("ReturnTask"), tenant, campaign, lead, priority, now, 1, Instant?.none, Int?.none, Int?.none)
      var event = AttemptWithdrawn()
      event.callId = call.description
      event.campaignId = campaign.description
      event.leadId = lead.description
      event.dueAt = Timestamp(now)
      try await events.append([NewEvent(key: event.leadId, message: event)], in: transaction, at: now, tenant: tenant)
    }
  }

  /// Keeps the slot of a call that lives.
  func renewLease(
    _ call: CallID, campaign: CampaignID, tenant: TenantID, seconds: Double, in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(query("RenewLease"), tenant, campaign, call, seconds)
  }

  /// The call is over; its lead waits for the outcome, its slot is free at once.
  func end(
    _ call: CallID, campaign: CampaignID, tenant: TenantID, at endedAt: Instant, in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(query("MarkEnded"), tenant, call, endedAt)
    try await transaction.execute(query("FreeLease"), tenant, campaign, call)
  }

  /// What came of an ended call.
  struct Outcome: Sendable {
    var call: CallID
    var campaign: CampaignID
    var lead: LeadID
    var outcome: Telephony.CallOutcome
    var optedOut: Bool
    var permanent: Bool
    var endedAt: Instant
  }

  /// Takes in the outcome of a call, once: the lead waits for its retry or is done.
  func settle(
    _ outcome: Outcome, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let news = try await transaction.execute(
      query("SetAttemptOutcome"), tenant, outcome.call, outcome.outcome.rawValue, outcome.endedAt, outcome.permanent)
    guard news == 1 else { return }
    try await transaction.execute(query("FreeLease"), tenant, outcome.campaign, outcome.call)
    guard let known = try await campaign(outcome.campaign, tenant: tenant, in: transaction),
      let task = try await transaction.query(query("LockTask"), tenant, outcome.campaign, outcome.lead).first,
      try task.get("state", as: String.self) == "in_flight"
    else { return }
    let history = try await history(of: outcome, tenant: tenant, in: transaction)
    let lead = try Lead.decode(task.get("lead", as: [UInt8].self))
    let ending = RetryJudgement(
      outcome: outcome.outcome, optedOut: outcome.optedOut, campaignIsOver: known.state == "cancelled",
      call: history.call, earlier: history.earlier, rules: known.rules, place: LeadPlace(lead), now: now)
    switch ending.verdict {
    case .finish(let reason):
      let finished = FinishedLead(
        lead: outcome.lead, reason: reason, attempts: history.earlier.count + 1, outcome: outcome.outcome,
        call: outcome.call)
      try await finish([finished], rules: known.rules, now: now, in: transaction)
    case .retry(let retry):
      try await transaction.execute(
        query("ReturnTask"), tenant, outcome.campaign, outcome.lead, retry.rank, retry.dueAt, 0, retry.notAfter,
        retry.avoiding?.start, retry.avoiding?.end)
      var event = RetryScheduled()
      event.campaignId = outcome.campaign.description
      event.leadId = outcome.lead.description
      event.callId = outcome.call.description
      event.outcome = outcome.outcome.wire
      event.dueAt = Timestamp(retry.dueAt)
      try await events.append([NewEvent(key: event.leadId, message: event)], in: transaction, at: now, tenant: tenant)
    }
  }

  private func history(
    of outcome: Outcome, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> (call: PastCall, earlier: [PastCall]) {
    var earlier: [PastCall] = []
    var current = PastCall(outcome: outcome.outcome, at: outcome.endedAt, isPermanentFailure: outcome.permanent)
    for row in try await transaction.query(query("AttemptHistory"), tenant, outcome.campaign, outcome.lead) {
      let call = PastCall(
        // An attempt without an outcome of its own yet counts as one that failed: it was made all the same.
        outcome: try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:)) ?? .failed,
        at: try row.get("granted_at"), isPermanentFailure: try row.get("permanent"))
      if try row.get("call_id", as: CallID.self) == outcome.call { current.at = call.at } else { earlier.append(call) }
    }
    return (current, earlier)
  }
}

extension DialStore {
  /// Keeps the slot of a call that the bridge says is alive.
  func keepSlot(_ call: CallID, campaign: CampaignID, tenant: TenantID, seconds: Double) async throws {
    try await pool.execute(query("RenewLease"), tenant, campaign, call, seconds)
  }

  /// A lead as the queue holds it.
  func lead(_ lead: LeadID, of campaign: CampaignID, tenant: TenantID) async throws -> Lead? {
    try await pool.query(query("LeadOfTask"), tenant, campaign, lead).first.map {
      try Lead.decode($0.get("lead", as: [UInt8].self))
    }
  }
}

extension CampaignPolicy {
  /// The longest a call may last, with the default filled in.
  var callDuration: Duration { maxCallDuration?.duration ?? CampaignTerms.defaultMaxCallDuration }
}
