import Core
import Postgres
import Telephony

/// What becomes of leads that wait when their campaign changes: they are gone through in pages, a transaction each, and
/// calls go on meanwhile. A claim asks every rule anew, so that a lead whose page is still to come may be called too late,
/// never against the rules.
extension DialStore {
  /// From now on the waiting leads of the campaign, as it is now, are gone through; the first of them at once.
  func beginSweep(of known: KnownCampaign, now: Instant, in transaction: PostgresTransaction) async throws {
    try await transaction.execute(query("BeginSweep"), known.rules.tenant, known.rules.campaign, now)
    try await sweepPage(of: known, now: now, in: transaction)
  }

  /// Goes on with one of the campaigns that changed. False when there is nothing to do.
  func sweep(now: Instant) async throws -> Bool {
    guard let next = try await pool.query(query("NextSweep")).first else { return false }
    return try await pool.transaction(name: "Sweep") { transaction in
      let known = try await holdCampaign(next.get("campaign_id"), tenant: next.get("tenant_id"), in: transaction)
      guard let known else { return false }
      return try await sweepPage(of: known, now: now, in: transaction)
    }
  }

  /// False when another instance is at it, or was.
  @discardableResult private func sweepPage(
    of known: KnownCampaign, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Bool {
    let rules = known.rules
    guard let row = try await transaction.query(query("LockSweep"), rules.tenant, rules.campaign).first
    else { return false }
    let sweep = try Sweep(row)
    let leads =
      known.state == "cancelled"
      ? try await finishWaiting(rules, after: sweep.lead, now: now, in: transaction)
      : try await reschedule(rules, sweep, in: transaction)
    if leads.count == sweepPage, let last = leads.max() {
      try await transaction.execute(query("MoveSweep"), rules.tenant, rules.campaign, last)
    } else {
      try await transaction.execute(query("EndSweep"), rules.tenant, rules.campaign)
    }
    return true
  }

  private func finishWaiting(
    _ rules: CampaignRules, after lead: LeadID, now: Instant, in transaction: PostgresTransaction
  ) async throws -> [LeadID] {
    let finished = try await transaction.query(query("FinishWaiting"), rules.tenant, rules.campaign, lead, sweepPage)
      .map { row in
        FinishedLead(lead: try row.get("lead_id"), reason: "campaign_cancelled", attempts: try row.get("attempts"))
      }
    try await tellFinished(finished, campaign: rules.campaign, tenant: rules.tenant, now: now, in: transaction)
    return finished.map(\.lead)
  }

  private func reschedule(
    _ rules: CampaignRules, _ sweep: Sweep, in transaction: PostgresTransaction
  ) async throws -> [LeadID] {
    var openings = Openings(rules: rules, now: sweep.changedAt)
    let rows = try await transaction.query(
      query("WaitingPage"), rules.tenant, rules.campaign, sweep.lead, sweepPage)
    let entries = try rows.map { row in
      let entry = try Self.entry(row)
      return openings.first(for: try Self.lead(row).callee).map(entry.moved) ?? entry
    }
    try await transaction.execute(
      query("Reschedule"), rules.tenant, rules.campaign, entries.map(\.lead), entries.map(\.dueAt))
    return entries.map(\.lead)
  }

  /// A lead's place in the queue as it is once its page has come.
  func swept(
    _ entry: QueueEntry, _ callee: Callee, of known: KnownCampaign, in transaction: PostgresTransaction
  ) async throws -> QueueEntry {
    let rules = known.rules
    guard known.state != "cancelled",
      let sweep = try await transaction.query(query("SweepOf"), rules.tenant, rules.campaign).first.map(Sweep.init),
      entry.lead > sweep.lead
    else { return entry }
    return callee.nextOpening(after: sweep.changedAt, rules: rules).map(entry.moved) ?? entry
  }

  private struct Sweep {
    var changedAt: Instant
    /// The last one that is done.
    var lead: LeadID

    init(_ row: PostgresRow) throws {
      changedAt = try row.get("changed_at")
      lead = try row.get("after_lead")
    }
  }
}
