import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What becomes of attempts between their permit and their end.
extension DialStore {
  /// A call that the bridge has, and how long it may be quiet.
  struct PlacedCall: Sendable {
    var call: CallID
    var tenant: TenantID
    var lookSeconds: Double
  }

  /// The bridge has the calls; each is looked at again after its `lookSeconds` if nothing is heard.
  func markPlaced(_ calls: [PlacedCall]) async throws {
    // In one order everywhere, so that two instances cannot wait for each other.
    let byTenant = Dictionary(grouping: calls.sorted { $0.call < $1.call }, by: \.tenant).sorted { $0.key < $1.key }
    _ = try await pool.run(
      byTenant.map { tenant, calls in
        PostgresStatement(try query("MarkPlaced"), tenant, calls.map(\.call), calls.map(\.lookSeconds))
      })
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

  /// Slots that were held for too long become free.
  func freeLapsedSlots() async throws { try await pool.execute(query("FreeLapsedSlots")) }

  /// Attempts whose look is due. Taking them moves their next look on by `seconds`, so that instances share them.
  func claimUnsettled(most: Int, seconds: Double) async throws -> [UnsettledAttempt] {
    try await pool.query(query("ClaimUnsettled"), most, seconds).map { row in
      UnsettledAttempt(
        tenant: try row.get("tenant_id"), campaign: try row.get("campaign_id"), call: try row.get("call_id"),
        state: try row.get("state"), permit: try DialStore.permit(row),
        looks: try row.get("looks"))
    }
  }

  /// The call provably never left: the attempt is withdrawn, the slot is free and the lead is due again as it was, after
  /// `pause`. Does nothing when the attempt was settled meanwhile.
  func withdraw(_ call: CallID, tenant: TenantID, now: Instant, pause: Duration = .zero) async throws {
    try await pool.transaction(name: "WithdrawAttempt") { transaction in
      guard let row = try await transaction.query(query("WithdrawAttempt"), tenant, call, now).first else { return }
      let campaign: CampaignID = try row.get("campaign_id")
      let lead: LeadID = try row.get("lead_id")
      guard let known = try await holdCampaign(campaign, tenant: tenant, in: transaction) else { return }
      let permit = try Self.permit(row)
      try await giveBack(permit, rules: known.rules, in: transaction)
      guard let task = try await tasks([lead], of: campaign, tenant: tenant, in: transaction)[lead], task.isOpen
      else { return }
      var event = AttemptWithdrawn()
      event.callId = call.description
      event.campaignId = campaign.description
      event.leadId = lead.description
      event.dueAt = Timestamp(now + pause)
      try events.append([NewEvent(key: event.leadId, message: event)], in: transaction, at: now, tenant: tenant)
      let history = try await histories(of: [lead], campaign: campaign, tenant: tenant, in: transaction)[lead]
      if known.state == "cancelled" {
        let finished = FinishedLead(lead: lead, reason: "campaign_cancelled", attempts: history?.earlier.count ?? 0)
        try await finish([finished], campaign: campaign, tenant: tenant, now: now, in: transaction)
        if try await reviveScheduledCall(
          call, of: lead, campaign: campaign, tenant: tenant, now: now, in: transaction) != nil
        {
          try await missScheduledCalls(
            of: campaign, leads: [lead], tenant: tenant, reason: finished.reason, now: now, in: transaction)
        }
      } else {
        var entry = history?.entry ?? QueueEntry(lead: lead, rank: 0, dueAt: now)
        entry.rank = try row.get("rank")
        entry.dueAt = now + pause
        if entry.rank == QueueEntry.requested {
          entry.notAfter = try await reviveScheduledCall(
            call, of: lead, campaign: campaign, tenant: tenant, now: now, in: transaction)
        }
        try await putBack([entry], campaign: campaign, tenant: tenant, in: transaction)
      }
    }
  }

  /// Keeps the slot of a call that lives.
  func renewSlot(
    _ call: CallID, tenant: TenantID, seconds: Double, in session: (any PostgresSession)? = nil
  ) async throws {
    try await (session ?? pool).execute(query("RenewSlot"), tenant, call, seconds)
  }
}

extension CampaignPolicy {
  /// The longest a call may last, with the default filled in.
  var callDuration: Duration { maxCallDuration?.duration ?? CampaignTerms.defaultMaxCallDuration }
}
