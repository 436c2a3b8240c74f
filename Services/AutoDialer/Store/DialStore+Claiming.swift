import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// Where the last claim of a campaign ended, by rank: rows before it are gone, though a snapshot that somebody holds may
/// keep them in the index. Forgotten every few seconds, for what was put in behind it. The same of what calls gave back.
package struct ClaimPlaces: Sendable {
  struct Place: Hashable, Sendable {
    var dueAt: Instant
    var lead: LeadID
    static let beginning = Place(dueAt: .distantPast, lead: LeadID(UniqueID(high: 0, low: 0)))
  }

  private var places: [Int: Place] = [:]
  /// The last entry that a claim has added up.
  fileprivate(set) var settlement: Int64 = 0

  package init() {}

  subscript(rank: Int) -> Place { places[rank] ?? .beginning }

  mutating func pass(_ entry: QueueEntry) {
    // What somebody asked for is few and must not be overlooked.
    guard entry.rank != QueueEntry.requested else { return }
    places[entry.rank] = Place(dueAt: entry.dueAt, lead: entry.lead)
  }
}

extension DialStore {
  /// An attempt that was permitted and committed, to be placed now.
  package struct ClaimedAttempt: Sendable {
    package var call: CallID
    package var permit: DialPermit
    /// Which of the claim's `SharedPermits` it is made from.
    var sharedPermit: Int
    var lead: Lead
    /// Where it stood in the queue.
    var entry: QueueEntry
  }

  /// What one look at a campaign's queue gave.
  package struct Claim: Sendable {
    package var attempts: [ClaimedAttempt] = []
    /// Entries taken out of the queue, whatever became of them.
    var taken = 0
    /// The limit that kept more from being claimed; nil when the queue had nothing more that was due.
    var limit: Allowance.Limit?
    package var places: ClaimPlaces
  }

  /// Claims what is due and the campaign's limits allow, and permits each: the attempt with its evidence, its slot, the
  /// counters and the event are one transaction. Empty while another instance claims for the same campaign, and when the
  /// campaign was stopped or its policy changed since `rules` were read.
  ///
  /// - Parameter slotSeconds: How long an attempt may hold its slot when nothing is heard of it.
  package func claim(
    _ rules: CampaignRules, now: Instant, most: Int, places: ClaimPlaces, slotSeconds: Double
  ) async throws -> Claim {
    try await pool.transaction(name: "ClaimDue") { transaction in
      var claim = Claim(places: places)
      guard var limits = try await limits(of: rules, now: now, after: places.settlement, in: transaction)
      else { return claim }
      var allowance = Allowance(rules: rules, limits.circumstances, at: now)
      if allowance.calls < most, places.settlement > 0 {
        // Nothing is held back, or told, for an entry that was committed behind the last one.
        guard let all = try await self.limits(of: rules, now: now, in: transaction) else { return claim }
        limits = all
        allowance = Allowance(rules: rules, limits.circumstances, at: now)
      }
      claim.limit = allowance.limit
      try await tellBlocked(allowance, under: limits, rules: rules, now: now, in: transaction)
      guard allowance.calls > 0 else { return claim }
      let wanted = min(allowance.calls, most)
      let due = try await due(rules, now: now, most: wanted, places: &claim.places, in: transaction)
      claim.taken = due.count
      if due.count < wanted { claim.limit = nil }
      guard !due.isEmpty else { return claim }
      let facts = try await facts(about: due.map { ($0.entry.lead, $0.callee) }, rules: rules, in: transaction)
      let sorted = Self.sort(due, rules: rules, facts: facts, stock: &limits.stock, now: now)
      claim.attempts = sorted.dial
      try await ask(sorted.questions, tenant: rules.tenant, now: now, in: transaction)
      try await putBack(sorted.wait, campaign: rules.campaign, tenant: rules.tenant, in: transaction)
      try await finish(sorted.never, campaign: rules.campaign, tenant: rules.tenant, now: now, in: transaction)
      try await missScheduledCalls(of: sorted.never, rules: rules, now: now, in: transaction)
      guard !claim.attempts.isEmpty else { return claim }
      try await permit(
        claim.attempts, sorted.permits, rules: rules, limits: limits, now: now, slotSeconds: slotSeconds,
        in: transaction)
      claim.places.settlement = limits.lastSettlement
      return claim
    }
  }

  /// Which of the campaigns have something due.
  func dueCampaigns(_ campaigns: [KnownCampaign], now: Instant) async throws -> Set<CampaignID> {
    guard !campaigns.isEmpty else { return [] }
    let rows = try await pool.query(
      query("DueCampaigns"), campaigns.map(\.rules.tenant), campaigns.map(\.rules.campaign), now,
      QueueEntry.ranksInOrder)
    return Set(try rows.map { try $0.get("campaign_id", as: CampaignID.self) })
  }

  private struct Due {
    var entry: QueueEntry
    var lead: Lead
    var callee: Callee
  }

  private func due(
    _ rules: CampaignRules, now: Instant, most: Int, places: inout ClaimPlaces, in transaction: PostgresTransaction
  ) async throws -> [Due] {
    let ranks = QueueEntry.ranksInOrder
    let before = places
    let rows = try await transaction.query(
      query("ClaimDue"), rules.tenant, rules.campaign, now, most, ranks, ranks.map { before[$0].dueAt },
      ranks.map { before[$0].lead })
    return try rows.map { row in
      let entry = try Self.entry(row)
      places.pass(entry)
      let (lead, callee) = try Self.lead(row)
      return Due(entry: entry, lead: lead, callee: callee)
    }
  }

  private struct Sorted {
    var dial: [ClaimedAttempt] = []
    var permits = SharedPermits()
    var wait: [QueueEntry] = []
    var never: [FinishedLead] = []
    /// What has to be known before a lead that waits can be called.
    var questions: [ClearanceQuestion] = []
  }

  private static func sort(
    _ due: [Due], rules: CampaignRules, facts: DialFacts, stock: inout CallerIDStock, now: Instant
  ) -> Sorted {
    var sorted = Sorted()
    var facts = facts
    facts.hours = HoursGate(due.lazy.map { ($0.callee, $0.entry.avoiding) }, rules: rules, now: now)
    for one in due {
      // Its place before the wish is given back by `expireScheduledCalls`.
      if one.entry.isLapsed(at: now) {
        sorted.wait.append(one.entry.waiting(until: now + .minutes(1)))
        continue
      }
      switch DialDecision.decide(one.callee, entry: one.entry, rules: rules, facts: facts, now: now) {
      case .dial(let permission):
        switch stock.choose(for: permission.number, at: now) {
        case .show(let callerID, let finding):
          sorted.dial.append(
            claimed(one, from: callerID, finding, permission, &sorted.permits, rules, now: now))
        case .wait(let until, _): sorted.wait.append(one.entry.waiting(until: until))
        case .never: sorted.wait.append(one.entry.waiting(until: now + .minutes(1)))  // Until somebody adds one.
        }
      case .wait(let until, let reason):
        sorted.wait.append(one.entry.waiting(until: until))
        if ClearanceGate.isNeed(reason) {
          sorted.questions += facts.questions(about: one.entry.lead, one.callee, rules: rules, now: now)
        }
      case .never(let reason):
        sorted.never.append(FinishedLead(lead: one.entry.lead, reason: reason, attempts: one.entry.made))
      }
    }
    return sorted
  }

  private static func claimed(
    _ due: Due, from callerID: String, _ finding: Finding, _ permission: DialDecision.Permission,
    _ permits: inout SharedPermits, _ rules: CampaignRules, now: Instant
  ) -> ClaimedAttempt {
    let call = CallID.attempt(
      due.entry.nextAttempt, lead: due.entry.lead, campaign: rules.campaign, tenant: rules.tenant)
    let shared = permits.place(of: permission, rules: rules, now: now)
    var permit = permits.all[shared]
    permit.callId = call.description
    permit.campaignId = rules.campaign.description
    permit.leadId = due.entry.lead.description
    permit.attemptNumber = Int32(due.entry.nextAttempt)
    permit.to = permission.number.phone
    permit.from = callerID
    permit.evidence.append(finding.description)
    return ClaimedAttempt(call: call, permit: permit, sharedPermit: shared, lead: due.lead, entry: due.entry)
  }

  private func permit(
    _ attempts: [ClaimedAttempt], _ permits: SharedPermits, rules: CampaignRules, limits: ClaimLimits, now: Instant,
    slotSeconds: Double, in transaction: PostgresTransaction
  ) async throws {
    let asked = attempts.filter { $0.entry.rank == QueueEntry.requested }
    let placed = try await placeScheduledCalls(asked, rules: rules, now: now, in: transaction)
    try transaction.runWithCommit([
      PostgresStatement(
        query("PermitAttempts"), rules.tenant, rules.campaign, attempts.map(\.call), attempts.map(\.entry.lead),
        attempts.map { Int($0.permit.attemptNumber) }, attempts.map { $0.sharedPermit + 1 }, now,
        attempts.map(\.permit.to), attempts.map(\.entry.rank), limits.circumstances.budget.expected, rules.provider,
        slotSeconds, permits.all.map { $0.encoded() },
        attempts.map { DialPermit(from: $0.permit.from, evidence: $0.permit.evidence.suffix(1)).encoded() })
    ])
    let started = attempts.map { attempt in
      var started = AttemptStarted()
      started.permit = attempt.permit
      started.permit?.evidence = []  // Kept with the attempt; nobody who is told reads it.
      return NewEvent(key: attempt.permit.leadId, message: started)
    }
    try events.append(
      started + Self.changeEvents(placed), in: transaction, at: now, tenant: rules.tenant)
    // Last, because what is counted for provider and tenant is locked from here on for claims of other campaigns.
    try transaction.runWithCommit(counting(attempts.count, under: limits, rules: rules, now: now))
  }
}

extension QueueEntry {
  func waiting(until instant: Instant) -> QueueEntry {
    var entry = self
    entry.dueAt = instant
    return entry
  }
}
