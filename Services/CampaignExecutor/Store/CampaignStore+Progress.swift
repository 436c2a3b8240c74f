import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// Progress: sums that move with the facts.
extension CampaignStore {
  func progress(of id: CampaignID, tenant: TenantID, now: Instant) async throws -> CampaignProgress? {
    guard let row = try await pool.query(query("ProgressOfCampaign"), tenant, id).first else { return nil }
    var progress = CampaignProgress()
    progress.campaignId = id.description
    progress.state = CampaignLife.State(rawValue: try row.get("state"))?.wire ?? .unspecified
    progress.leads = try row.get("leads")
    progress.done = try row.get("done")
    progress.remaining = progress.leads - progress.done
    progress.percent = progress.leads == 0 ? 0 : Double(progress.done) / Double(progress.leads) * 100
    progress.called = try row.get("called")
    progress.successful = try row.get("successful")
    progress.inFlight = try row.get("in_flight")
    progress.attempts = try row.get("attempts")
    progress.retriesWaiting = try row.get("retries_waiting")
    progress.costMicros = try row.get("cost_micros")
    progress.revision = try row.get("revision")
    progress.at = Timestamp(now)
    progress.leadsComing = try await pool.query(query("LeadsComing"), tenant, id).first?.get("coming") ?? false
    for (kind, outcome, count) in try await counts(of: id, tenant: tenant, [.attempt, .lead]) {
      if kind == .attempt {
        progress.attemptsByOutcome[outcome] = count
      } else {
        progress.leadsByOutcome[outcome] = count
      }
    }
    return progress
  }

  /// What was counted of these kinds, by kind, then by what it was counted for.
  func counts(
    of id: CampaignID, tenant: TenantID, _ kinds: [ProgressChange.Kind]
  ) async throws -> [(kind: ProgressChange.Kind, of: String, count: Int64)] {
    try await pool.query(query("ProgressOutcomes"), tenant, id, kinds.map(\.rawValue)).compactMap { row in
      guard let kind = ProgressChange.Kind(rawValue: try row.get("kind")) else { return nil }
      return (kind, try row.get("outcome"), try row.get("count"))
    }
  }

  func move(
    _ change: ProgressChange, campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws {
    guard !change.isNothing else { return }
    try await transaction.execute(
      query("MoveProgress"), tenant, campaign, change.leads, change.done, change.called, change.successful,
      change.inFlight, change.attempts, change.retriesWaiting, change.costMicros)
    guard !change.outcomes.isEmpty else { return }
    let outcomes = Array(change.outcomes)
    try await transaction.execute(
      query("CountOutcomes"), tenant, campaign, outcomes.map(\.key.kind.rawValue), outcomes.map(\.key.outcome),
      outcomes.map(\.value))
  }

  /// Ends the campaign when every lead has a final outcome, no leads are coming and nobody feeds it, and pauses it when its
  /// budget is spent; both with a notification. Looks at the sums after `change` was stored.
  func followProgress(
    of id: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard let row = try await transaction.query(query("ProgressOfCampaign"), tenant, id).first,
      let state = CampaignLife.State(rawValue: try row.get("state")), state == .active || state == .paused
    else { return }
    let leads: Int64 = try row.get("leads")
    let done: Int64 = try row.get("done")
    let cost: Int64 = try row.get("cost_micros")
    if leads > 0 && done == leads {
      let coming: Bool? = try await transaction.query(query("LeadsComing"), tenant, id).first?.get("coming")
      if coming == false, try await complete(id, tenant: tenant, now: now, in: transaction) { return }
    }
    guard state == .active else { return }
    let campaign = try await lock(id, tenant: tenant, in: transaction)
    guard let budget = campaign.policy?.budgetMicros, budget > 0, cost >= budget, campaign.state == .active else {
      return
    }
    _ = try await move(
      campaign, id: id, .pause, tenant: tenant, actor: "system", reason: "the budget is spent", now: now,
      in: transaction)
    let policy = ErrorPolicy(reason: "budget_exceeded", detail: "", passes: false)
    try await notify(
      "budget_exceeded", campaign: id, severity: policy.severity, text: policy.text, tenant: tenant, now: now,
      in: transaction)
  }

  /// Answers whether the campaign has ended: one that is fed as long as it runs does not.
  private func complete(
    _ id: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Bool {
    let campaign = try await lock(id, tenant: tenant, in: transaction)
    guard campaign.policy?.alwaysOn != true, campaign.state == .active || campaign.state == .paused else {
      return false
    }
    // Once more under the lock: leads may have joined meanwhile.
    guard let row = try await transaction.query(query("ProgressOfCampaign"), tenant, id).first else { return false }
    let leads: Int64 = try row.get("leads")
    guard try row.get("done") == leads else { return false }
    _ = try await move(
      campaign, id: id, .complete, tenant: tenant, actor: "system", reason: "all leads have a final outcome",
      now: now, in: transaction)
    try await notify(
      "campaign_completed", campaign: id, severity: .info,
      text: "\"\(campaign.policy?.name ?? "")\" is completed: no leads are left to call, \(leads) have a final outcome",
      tenant: tenant, now: now, in: transaction)
    return true
  }
}
