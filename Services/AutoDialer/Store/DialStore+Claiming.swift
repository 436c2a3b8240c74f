import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

extension DialStore {
  /// An attempt that was permitted and committed, to be placed now.
  struct ClaimedAttempt: Sendable {
    var call: CallID
    var permit: DialPermit
    var lead: Lead
  }

  /// What one look at a campaign's queue gave.
  struct Claim: Sendable {
    var attempts: [ClaimedAttempt] = []
    /// Tasks that were due but had to be moved or ended.
    var settled = 0
    /// The limit that kept more from being claimed; nil when the queue had no more due tasks.
    var limit: Allowance.Limit?
  }

  /// Every rank of `DialPriority`: one index seek each.
  private static let ranks = Array(0...8)

  /// Claims the due tasks that the campaign's limits allow, and permits each: the attempt with its evidence, its lease,
  /// the counters and the event are one transaction. Empty while another instance claims for the same campaign.
  func claim(
    _ rules: CampaignRules, now: Instant, most: Int, owner: String, leaseSeconds: Double
  ) async throws -> Claim {
    try await pool.transaction(name: "ClaimDue") { transaction in
      var claim = Claim()
      guard
        let row = try await transaction.query(query("LockCounter"), rules.tenant, rules.campaign).first
      else { return claim }
      var counters = Allowance.Counters(
        day: try row.get("day"), dayCalls: try row.get("day_calls"), minuteStart: try row.get("minute_start"),
        minuteCalls: try row.get("minute_calls")
      ).rolled(to: now, zone: rules.zone)
      let live: Int? = try await transaction.query(query("LiveLeases"), rules.tenant, rules.campaign).first?.get("live")
      let allowance = Allowance(rules: rules, live: live ?? 0, counters: counters, now: now)
      guard allowance.calls > 0 else {
        claim.limit = allowance.limit
        return claim
      }
      let wanted = min(allowance.calls, most)
      let due = try await transaction.query(
        query("ClaimDue"), rules.tenant, rules.campaign, now, wanted, Self.ranks)
      claim.limit = due.count == allowance.calls ? allowance.limit : nil
      let sorted = try Self.sort(due, rules: rules, now: now)
      claim.attempts = sorted.dial
      claim.settled = sorted.wait.count + sorted.never.count
      try await move(sorted.wait, rules: rules, in: transaction)
      try await finish(sorted.never, rules: rules, now: now, in: transaction)
      guard !claim.attempts.isEmpty else { return claim }
      counters.count(claim.attempts.count)
      try await permit(
        claim.attempts, rules: rules, now: now, owner: owner, leaseSeconds: leaseSeconds, in: transaction)
      try await transaction.execute(
        query("SaveCounter"), rules.tenant, rules.campaign, counters.day, counters.dayCalls, counters.minuteStart,
        counters.minuteCalls)
      return claim
    }
  }

  /// The earliest due time of the campaign's waiting tasks; nil when none waits.
  func nextDue(_ rules: CampaignRules) async throws -> Instant? {
    try await pool.query(query("NextDue"), rules.tenant, rules.campaign, Self.ranks).first?
      .get("due_at", as: Instant?.self)
  }

  private struct Sorted {
    var dial: [ClaimedAttempt] = []
    var wait: [(lead: LeadID, until: Instant)] = []
    var never: [FinishedLead] = []
  }

  private static func sort(_ due: [PostgresRow], rules: CampaignRules, now: Instant) throws -> Sorted {
    var sorted = Sorted()
    for row in due {
      let task = DueTask(
        lead: try row.get("lead_id"), attempts: try row.get("attempts"), withdrawn: try row.get("withdrawn"),
        notAfter: try row.get("not_after"), avoiding: try avoided(row))
      let lead = try Lead.decode(row.get("lead", as: [UInt8].self))
      switch task.decide(rules: rules, place: LeadPlace(lead), now: now) {
      case .dial(let permission):
        sorted.dial.append(claimed(task, lead: lead, permission: permission, rules: rules, now: now))
      case .wait(let until, _):
        sorted.wait.append((task.lead, until))
      case .never(let reason):
        sorted.never.append(FinishedLead(lead: task.lead, reason: reason, attempts: task.made))
      }
    }
    return sorted
  }

  private static func avoided(_ row: PostgresRow) throws -> MinuteRange? {
    guard let start: Int16 = try row.get("avoid_start", as: Int16?.self),
      let end: Int16 = try row.get("avoid_end", as: Int16?.self)
    else { return nil }
    return MinuteRange(start: Int(start), end: Int(end))
  }

  private static func claimed(
    _ task: DueTask, lead: Lead, permission: DialDecision.Permission, rules: CampaignRules, now: Instant
  ) -> ClaimedAttempt {
    let call = CallID.attempt(task.nextNumber, lead: task.lead, campaign: rules.campaign, tenant: rules.tenant)
    var permit = DialPermit()
    permit.callId = call.description
    permit.campaignId = rules.campaign.description
    permit.leadId = task.lead.description
    permit.attemptNumber = Int32(task.nextNumber)
    permit.to = lead.phone
    permit.from = rules.callerID(for: call)
    permit.grantedAt = Timestamp(now)
    permit.expiresAt = Timestamp(permission.expiresAt)
    permit.policyVersion = Int32(rules.policyVersion)
    permit.evidence = permission.evidence
    return ClaimedAttempt(call: call, permit: permit, lead: lead)
  }

  private func move(
    _ tasks: [(lead: LeadID, until: Instant)], rules: CampaignRules, in transaction: PostgresTransaction
  ) async throws {
    guard !tasks.isEmpty else { return }
    try await transaction.execute(
      query("MoveTasks"), rules.tenant, rules.campaign, tasks.map(\.lead), tasks.map(\.until))
  }

  private func permit(
    _ attempts: [ClaimedAttempt], rules: CampaignRules, now: Instant, owner: String, leaseSeconds: Double,
    in transaction: PostgresTransaction
  ) async throws {
    let calls = attempts.map(\.call)
    let leads = attempts.compactMap { LeadID($0.permit.leadId) }
    let numbers = attempts.map { Int($0.permit.attemptNumber) }
    try await transaction.execute(
      query("InsertAttempts"), rules.tenant, rules.campaign, calls, leads, numbers,
      attempts.map { $0.permit.encoded() }, now, attempts.compactMap { $0.permit.expiresAt?.instant })
    try await transaction.execute(query("InsertLeases"), rules.tenant, rules.campaign, calls, owner, leaseSeconds)
    try await transaction.execute(query("TakeTasks"), rules.tenant, rules.campaign, leads, numbers)
    try await events.append(
      attempts.map { attempt in
        var started = AttemptStarted()
        started.permit = attempt.permit
        return NewEvent(key: attempt.permit.leadId, message: started)
      }, in: transaction, at: now, tenant: rules.tenant)
  }
}

/// A lead that is done in its campaign, and why.
struct FinishedLead: Sendable {
  var lead: LeadID
  var reason: String
  var attempts: Int
  var outcome: Telephony.CallOutcome?
  var call: CallID?
}

extension DialStore {
  /// Ends tasks and tells of it.
  func finish(
    _ leads: [FinishedLead], rules: CampaignRules, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    for finished in leads {
      try await transaction.execute(query("FinishTask"), rules.tenant, rules.campaign, finished.lead)
    }
    try await tellFinished(leads, tenant: rules.tenant, campaign: rules.campaign, now: now, in: transaction)
  }

  func tellFinished(
    _ leads: [FinishedLead], tenant: TenantID, campaign: CampaignID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard !leads.isEmpty else { return }
    try await events.append(
      leads.map { finished in
        var event = LeadFinished()
        event.campaignId = campaign.description
        event.leadId = finished.lead.description
        event.outcome = finished.outcome?.wire ?? .unspecified
        event.reason = finished.reason
        event.attempts = Int32(finished.attempts)
        event.callId = finished.call?.description ?? ""
        return NewEvent(key: event.leadId, message: event)
      }, in: transaction, at: now, tenant: tenant)
  }
}
