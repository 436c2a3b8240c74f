import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What is read to explain, now, ahead and in the past. Nothing here locks or changes anything.
extension DialStore {
  /// A lead as it stands or stood, with what surrounds it.
  struct LeadInsight: Sendable {
    var callee: Callee
    var standing: Explanation.Standing
    /// Where it goes back to when the call that somebody asked for is not made.
    var afterWish: Explanation.Standing?
    var surroundings: Explanation.Surroundings
    /// Attempts permitted by the instant asked about.
    var attempts: [StoredAttempt]
    /// What the answer rests on, for people.
    var notes: [String] = []
  }

  /// A lead at `instant`, the present or ahead of it. Nil when the campaign does not have it.
  func insight(
    into lead: LeadID, of campaign: CampaignID, tenant: TenantID, at instant: Instant, now: Instant
  ) async throws -> LeadInsight? {
    try await pool.transaction(isolation: .repeatableRead, name: "ExplainLead") { transaction in
      guard let known = try await self.campaign(campaign, tenant: tenant, in: transaction),
        let row = try await transaction.query(query("WaitingLead"), tenant, campaign, lead).first
      else { return nil }
      let callee = try Self.lead(row).callee
      let attempts = try await attemptRows(of: lead, campaign: campaign, tenant: tenant, until: now, in: transaction)
      var standing: Explanation.Standing
      var afterWish: Explanation.Standing?
      if try row.get("state", as: String.self) == "done" {
        let end = try await end(of: lead, campaign: campaign, tenant: tenant, at: now, in: transaction)
        standing = .done(reason: end?.reason ?? "not_recorded", at: end?.at ?? callee.joinedAt)
      } else if try row.get("due_at", as: Instant?.self) != nil {
        let entry = try await swept(Self.entry(row), callee, of: known, in: transaction)
        standing = .waiting(entry)
        afterWish = try await self.afterWish(entry, campaign: campaign, tenant: tenant, in: transaction)
        // By then it will have been given back.
        if instant > now, entry.isLapsed(at: instant) { (standing, afterWish) = (afterWish ?? standing, nil) }
      } else {
        standing = .inFlight(since: attempts.last?.past.grantedAt ?? callee.joinedAt)
      }
      let facts = try await facts(about: [(lead, callee)], rules: known.rules, in: transaction)
      let allowance = try await allowance(known.rules, at: instant, now: now, in: transaction)
      return LeadInsight(
        callee: callee, standing: standing, afterWish: afterWish,
        surroundings: .init(state: known.state, rules: known.rules, facts: facts, allowance: allowance),
        attempts: attempts.map(\.stored))
    }
  }

  /// A lead at an instant that is over, from what was kept. Nil when the campaign does not have it.
  func pastInsight(
    into lead: LeadID, of campaign: CampaignID, tenant: TenantID, at instant: Instant
  ) async throws -> LeadInsight? {
    try await pool.transaction(isolation: .repeatableRead, name: "ExplainLeadThen") { transaction in
      guard let row = try await transaction.query(query("WaitingLead"), tenant, campaign, lead).first,
        let present = try await self.campaign(campaign, tenant: tenant, in: transaction)
      else { return nil }
      var notes = [
        "limits of the past are not kept and are left out; answers of others (washing, eligibility) are those of today"
      ]
      let older = try await transaction.query(query("LeadAt"), tenant, campaign, lead, instant).first
      let bytes: [UInt8] = try (older ?? row).get("lead")
      let callee = Callee(try Lead.decode(bytes), joinedAt: try row.get("joined_at"))
      var then = present
      let versions = try await transaction.query(query("CampaignUntil"), tenant, campaign, instant).map { row in
        (from: try row.get("from_at", as: Instant.self), known: try Self.known(row, campaign: campaign, tenant: tenant))
      }
      if let last = versions.last {
        then = last.known
        if last.from == Instant(microsecondsSince1970: 0) {
          notes.append("the campaign's versions of that time were not kept; the oldest one known stands for them")
        }
      } else {
        then.state = "draft"
        notes.append("the dialer did not know the campaign yet")
      }
      let attempts = try await attemptRows(
        of: lead, campaign: campaign, tenant: tenant, until: instant, in: transaction)
      let past = LeadPast(
        lead: lead, callee: callee, attempts: attempts.map(\.past),
        end: try await end(of: lead, campaign: campaign, tenant: tenant, at: instant, in: transaction),
        wish: try await wish(for: lead, campaign: campaign, tenant: tenant, at: instant, in: transaction))
      let standing = past.standing(
        at: instant, campaignIsOver: then.state == "cancelled", rules: then.rules,
        versions: versions.map { .init(from: $0.from, rules: $0.known.rules) })
      if case .waiting = standing, !attempts.isEmpty {
        notes.append("its place in the queue is computed again, with the policies that held since its last call")
      }
      var facts = try await facts(about: [(lead, callee)], rules: then.rules, in: transaction)
      facts.doNotCall = try await doNotCall(
        callee.numbers.map(\.phone), tenant: tenant, campaign: campaign, at: instant, in: transaction)
      return LeadInsight(
        callee: callee, standing: standing,
        surroundings: .init(state: then.state, rules: then.rules, facts: facts, allowance: nil),
        attempts: attempts.map(\.stored), notes: notes)
    }
  }

  /// What the campaign's limits allow at `instant`. Ahead of now no call that lives today is assumed to live.
  func allowance(
    _ rules: CampaignRules, at instant: Instant, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Allowance? {
    guard var around = try await limits(of: rules, now: now, locks: false, in: transaction)?.circumstances else {
      return nil
    }
    if instant > now {
      around.live = 0
      around.counters = around.counters.rolled(to: instant, zone: rules.zone)
    }
    return Allowance(rules: rules, around, at: instant)
  }

  /// A campaign of the history's columns.
  static func known(_ row: PostgresRow, campaign: CampaignID, tenant: TenantID) throws -> KnownCampaign {
    let policy = try CampaignPolicy.decode(row.get("policy", as: [UInt8].self))
    return KnownCampaign(
      state: try row.get("state"),
      rules: CampaignRules(
        tenant: tenant, campaign: campaign, policyVersion: try row.get("policy_version"),
        terms: try CampaignTerms(policy)),
      policy: policy)
  }

  /// Where a lead goes back to whose call was asked for; nil when none was.
  private func afterWish(
    _ entry: QueueEntry, campaign: CampaignID, tenant: TenantID, in session: any PostgresSession
  ) async throws -> Explanation.Standing? {
    guard entry.rank == QueueEntry.requested,
      let row = try await session.query(query("WaitingScheduledCalls"), tenant, campaign, [entry.lead]).first
    else { return nil }
    if let before = try Self.before(row, entry) { return .waiting(before) }
    return .done(reason: try row.get("before_reason"), at: entry.notAfter ?? entry.dueAt)
  }

  private typealias AttemptRow = (stored: StoredAttempt, past: LeadPast.Attempt)

  private func attemptRows(
    of lead: LeadID, campaign: CampaignID, tenant: TenantID, until instant: Instant, in session: any PostgresSession
  ) async throws -> [AttemptRow] {
    try await session.query(query("LeadAttemptsUntil"), tenant, campaign, lead, instant).map { row in
      let stored = try Self.attempt(row)
      let past = LeadPast.Attempt(
        number: try row.get("attempt_number"), rank: try row.get("rank"), phone: try row.get("phone"),
        grantedAt: try row.get("granted_at"), isWithdrawn: stored.state == "withdrawn", endedAt: stored.endedAt,
        outcome: stored.outcome, isPermanentFailure: try row.get("permanent"))
      return (stored, past)
    }
  }

  private func end(
    of lead: LeadID, campaign: CampaignID, tenant: TenantID, at instant: Instant, in session: any PostgresSession
  ) async throws -> LeadPast.End? {
    try await session.query(query("LeadEndAt"), tenant, campaign, lead, instant).first.map {
      LeadPast.End(reason: try $0.get("reason"), at: try $0.get("ended_at"))
    }
  }

  private func wish(
    for lead: LeadID, campaign: CampaignID, tenant: TenantID, at instant: Instant, in session: any PostgresSession
  ) async throws -> LeadPast.Wish? {
    try await session.query(query("ScheduledCallAt"), tenant, campaign, lead, instant).first.map {
      LeadPast.Wish(dueAt: try $0.get("due_at"), notAfter: try $0.get("not_after"))
    }
  }
}

/// Campaigns as a whole.
extension DialStore {
  /// How a campaign's leads are spread, by what they wait for.
  struct CampaignInsight: Sendable {
    struct Group: Hashable, Sendable {
      var kind: String
      var opensAt: Instant
      var leads: Int
    }

    struct Count: Hashable, Sendable {
      var reason: String
      var leads: Int
    }

    var known: KnownCampaign
    var allowance: Allowance?
    var leads = 0
    var waiting = 0
    var due = 0
    var nextDueAt: Instant?
    var groups: [Group] = []
    var done: [Count] = []
    /// What the rules say about the first leads that are due or nearly so.
    var dueReasons: [Count] = []
    var dueExamined = 0
  }

  /// Leads whose rules are asked one by one.
  private static let mostExamined = 1_000
  private static let mostGroups = 48
  /// Leads that wait for an answer of somebody else are put back for less than this.
  private static let nearlyDue = Duration.minutes(1)

  /// Counts in the database where time alone decides, and asks the rules about the first leads that are due.
  func insight(into campaign: CampaignID, tenant: TenantID, now: Instant) async throws -> CampaignInsight? {
    try await pool.transaction(isolation: .repeatableRead, name: "ExplainCampaign") { transaction in
      guard let known = try await self.campaign(campaign, tenant: tenant, in: transaction) else { return nil }
      var insight = CampaignInsight(known: known)
      insight.allowance = try await allowance(known.rules, at: now, now: now, in: transaction)
      if let row = try await transaction.query(query("CampaignCounts"), tenant, campaign, now).first {
        insight.leads = try row.get("leads")
        insight.waiting = try row.get("waiting")
        insight.due = try row.get("due")
        insight.nextDueAt = try row.get("next_due_at")
      }
      insight.groups = try await transaction.query(
        query("WaitingGroups"), tenant, campaign, now, Self.mostGroups
      ).map { .init(kind: try $0.get("kind"), opensAt: try $0.get("opens_at"), leads: try $0.get("leads")) }
      insight.done = try await transaction.query(query("EndsByReason"), tenant, campaign)
        .map { .init(reason: try $0.get("reason"), leads: try $0.get("leads")) }
      try await examineDue(&insight, now: now, in: transaction)
      return insight
    }
  }

  private func examineDue(
    _ insight: inout CampaignInsight, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let rules = insight.known.rules
    let rows = try await transaction.query(
      query("FirstDue"), rules.tenant, rules.campaign, now + Self.nearlyDue, Self.mostExamined,
      QueueEntry.ranksInOrder)
    let leads = try rows.map { row in
      (entry: try Self.entry(row), callee: try Self.lead(row).callee)
    }
    let facts = try await facts(about: leads.map { ($0.entry.lead, $0.callee) }, rules: rules, in: transaction)
    var counts: [String: Int] = [:]
    for (entry, callee) in leads {
      let decision = DialDecision.decide(callee, entry: entry, rules: rules, facts: facts, now: now)
      counts[decision.word, default: 0] += 1
    }
    insight.dueExamined = rows.count
    insight.dueReasons = counts.map { .init(reason: $0.key, leads: $0.value) }
      .sorted { ($1.leads, $0.reason) < ($0.leads, $1.reason) }
  }
}

extension DialDecision {
  /// Stable word for people and counts.
  var word: String {
    switch self {
    case .dial: "may_be_called"
    case .wait(_, let reason), .never(let reason): reason
    }
  }
}
