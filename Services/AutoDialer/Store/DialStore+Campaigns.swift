import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What campaign-executor tells: campaigns and their leads.
extension DialStore {
  /// Takes in a campaign as it is now. A change of windows moves its waiting leads to their new due times; the end of the
  /// campaign ends them.
  package func take(
    _ campaign: Campaign, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard let id = CampaignID(campaign.campaignId), let policy = campaign.policy else { return }
    let before = try await self.campaign(id, tenant: tenant, in: transaction)
    try await transaction.execute(
      query("UpsertCampaign"), tenant, id, Self.name(campaign.state), Int(campaign.policyVersion), policy.encoded())
    try await transaction.execute(query("PrepareCounter"), tenant, id)
    try await remember(campaign, after: before, id, policy: policy, tenant: tenant, now: now, in: transaction)
    guard let known = try await self.campaign(id, tenant: tenant, in: transaction), let before else { return }
    let isCancelled = known.state == "cancelled"
    if isCancelled {
      try await missScheduledCalls(of: id, tenant: tenant, reason: "campaign_cancelled", now: now, in: transaction)
    }
    if isCancelled || known.rules.windows != before.rules.windows {
      try await beginSweep(of: known, now: now, in: transaction)
    }
  }

  /// Keeps what the campaign was from now on, for whoever asks about the past.
  private func remember(
    _ campaign: Campaign, after before: KnownCampaign?, _ id: CampaignID, policy: CampaignPolicy, tenant: TenantID,
    now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let state = Self.name(campaign.state)
    guard before?.state != state || before?.rules.policyVersion != Int(campaign.policyVersion) else { return }
    try await transaction.execute(
      query("AddCampaignHistory"), tenant, id, now, state, Int(campaign.policyVersion), policy.encoded())
  }

  /// Puts leads into the queue. Leads that can never be called are done at once, and that is told.
  ///
  /// - Parameter told: What is known of each lead's numbers, in step with `leads`; what is missing is parsed.
  package func take(
    _ leads: [Lead], told: [String] = [], campaign id: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws {
    guard let known = try await holdCampaign(id, tenant: tenant, in: transaction) else {
      throw PostgresError(.invalidRow, "leads came before their campaign \(id)")
    }
    var openings = Openings(rules: known.rules, now: now)
    var waiting: [(lead: LeadID, due: Instant, row: [UInt8], numbers: String)] = []
    var hopeless: [(lead: LeadID, reason: String, row: [UInt8], numbers: String)] = []
    var callees: [(lead: LeadID, callee: Callee)] = []
    // A lead that is here already is left alone: the event may come again.
    var taken: Set<LeadID> = Set(
      try await transaction.query(query("KnownTasks"), tenant, id, leads.compactMap { LeadID($0.leadId) }).map {
        try $0.get("lead_id", as: LeadID.self)
      })
    for (index, lead) in leads.enumerated() {
      guard let leadID = LeadID(lead.leadId), taken.insert(leadID).inserted else { continue }
      let records = NumberRecords(of: lead, told: told.indices.contains(index) ? told[index] : "")
      let numbers = records.text
      let callee = Callee(lead, joinedAt: now, records: records)
      if known.state == "cancelled" {
        hopeless.append((leadID, "campaign_cancelled", lead.encoded(), numbers))
      } else if let due = openings.first(for: callee) {
        waiting.append((leadID, due, lead.encoded(), numbers))
        callees.append((leadID, callee))
      } else {
        hopeless.append((leadID, callee.hopelessReason, lead.encoded(), numbers))
      }
    }
    let rank = DialPriority(lastOutcome: nil).rank(for: known.rules.callType)
    try await transaction.execute(
      query("InsertTasks"), tenant, id, waiting.map(\.lead), waiting.map(\.due), waiting.map(\.row),
      waiting.map(\.numbers), now, rank)
    try await washAhead(callees, of: id, tenant: tenant, now: now, in: transaction)
    guard !hopeless.isEmpty else { return }
    let new = Set(
      try await transaction.query(
        query("InsertFinishedTasks"), tenant, id, hopeless.map(\.lead), hopeless.map(\.row), hopeless.map(\.numbers),
        now
      ).map { try $0.get("lead_id", as: LeadID.self) })
    let finished = hopeless.filter { new.contains($0.lead) }
      .map { FinishedLead(lead: $0.lead, reason: $0.reason, attempts: 0) }
    try await tellFinished(finished, campaign: id, tenant: tenant, now: now, in: transaction)
  }

  /// Puts leads that were done back into the queue, with the calls that they have had.
  func take(
    recycled leads: [Lead], campaign id: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws {
    guard let known = try await holdCampaign(id, tenant: tenant, in: transaction) else { return }
    let ids = leads.compactMap { LeadID($0.leadId) }
    let tasks = try await tasks(ids, of: id, tenant: tenant, in: transaction)
    let histories = try await histories(of: ids, campaign: id, tenant: tenant, in: transaction)
    var openings = Openings(rules: known.rules, now: now)
    var entries: [QueueEntry] = []
    var finished: [FinishedLead] = []
    for lead in ids {
      guard let task = tasks[lead], !task.isOpen else { continue }
      var entry = histories[lead]?.entry ?? QueueEntry(lead: lead, rank: 0, dueAt: now)
      let last = histories[lead]?.earlier.last?.judged.call.outcome
      let callee = try task.callee()
      entry.rank = DialPriority(lastOutcome: last).rank(for: known.rules.callType)
      if known.state != "cancelled", let opening = openings.first(for: callee) {
        entry.dueAt = opening
        entries.append(entry)
      } else {
        let reason = known.state == "cancelled" ? "campaign_cancelled" : callee.hopelessReason
        finished.append(FinishedLead(lead: lead, reason: reason, attempts: entry.made))
      }
    }
    let reopened = entries.map(\.lead)
    _ = try await transaction.run(
      [
        PostgresStatement(query("ReopenTasks"), tenant, id, reopened),
        PostgresStatement(query("ReopenLeadEnds"), tenant, id, reopened, now),
      ] + puttingBack(entries, campaign: id, tenant: tenant))
    try await finish(finished, campaign: id, tenant: tenant, now: now, in: transaction)
  }

  /// Takes in changed data of a lead; one that waits gets the due time of its new numbers and places.
  func take(_ lead: Lead, tenant: TenantID, now: Instant, in transaction: PostgresTransaction) async throws {
    guard let id = CampaignID(lead.campaignId), let leadID = LeadID(lead.leadId),
      let known = try await campaign(id, tenant: tenant, in: transaction),
      let row = try await transaction.query(query("LockTasks"), tenant, id, [leadID]).first
    else { return }
    let records = NumberRecords(of: lead)
    try await transaction.execute(query("UpdateTaskLead"), tenant, id, leadID, lead.encoded(), records.text)
    let before = try Self.lead(row).callee
    let after = Callee(lead, joinedAt: before.joinedAt, records: records)
    guard after != before else { return }
    try await transaction.execute(
      query("AddLeadHistory"), tenant, id, leadID, now, row.get("lead", as: [UInt8].self))
    guard let due: Instant = try row.get("due_at", as: Instant?.self) else { return }
    if let opening = after.nextOpening(after: max(due, now), rules: known.rules) {
      try await transaction.execute(query("Reschedule"), tenant, id, [leadID], [opening])
    }  // Without an opening it stays as it is: the claim finds that it can never be called, and ends it.
  }

  private static func name(_ state: CampaignState) -> String {
    switch state {
    case .active: "active"
    case .paused: "paused"
    case .completed: "completed"
    case .cancelled: "cancelled"
    case .draft, .unspecified, .unrecognized: "draft"  // Whatever is not known is not called.
    }
  }
}

/// First openings, found once for each place: most leads of an upload share a few.
struct Openings {
  let rules: CampaignRules
  let now: Instant
  private var known: [LeadPlace: Instant?] = [:]

  init(rules: CampaignRules, now: Instant) {
    self.rules = rules
    self.now = now
  }

  mutating func first(for callee: Callee) -> Instant? {
    callee.numbers.compactMap { first(for: $0.place) }.min()
  }

  private mutating func first(for place: LeadPlace) -> Instant? {
    if let opening = known[place] { return opening }
    let opening = place.dialWindow(rules).nextOpening(after: now, zones: place.zones)
    known[place] = .some(opening)
    return opening
  }
}
