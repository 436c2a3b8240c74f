import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What ended calls do to their leads. In batches, since a consumer's transaction carries many and each round trip
/// counts.
extension DialStore {
  /// A call that is over.
  package struct EndedCall: Sendable {
    var call: CallID
    var campaign: CampaignID
    var at: Instant
    /// When the bridge took it; nil: it never did.
    var placedAt: Instant?

    package init(call: CallID, campaign: CampaignID, at: Instant, placedAt: Instant? = nil) {
      (self.call, self.campaign, self.at, self.placedAt) = (call, campaign, at, placedAt)
    }
  }

  /// What came of an ended call.
  package struct Outcome: Sendable {
    var call: CallID
    var campaign: CampaignID
    var lead: LeadID
    var outcome: Telephony.CallOutcome
    var optedOut: Bool
    var permanent: Bool
    var endedAt: Instant
    var costMicros: Int64

    package init(
      call: CallID, campaign: CampaignID, lead: LeadID, outcome: Telephony.CallOutcome, optedOut: Bool, permanent: Bool,
      endedAt: Instant, costMicros: Int64 = 0
    ) {
      (self.call, self.campaign, self.lead, self.outcome) = (call, campaign, lead, outcome)
      (self.optedOut, self.permanent, self.endedAt, self.costMicros) = (optedOut, permanent, endedAt, costMicros)
    }
  }

  /// Calls of one tenant that are over: their leads wait for the outcomes, their slots are free at once.
  package func end(_ calls: [EndedCall], tenant: TenantID, in transaction: PostgresTransaction) async throws {
    // In one order everywhere, so that two who end calls cannot wait for each other.
    let calls = calls.sorted { $0.call < $1.call }
    let rows = try await transaction.query(
      query("EndAttempts"), tenant, calls.map(\.call), calls.map(\.at), calls.map(\.placedAt))
    let ended = Set(try rows.map { try $0.get("call_id", as: CallID.self) })
    let late = calls.filter { !ended.contains($0.call) }
    guard !late.isEmpty else { return }
    try await transaction.execute(
      query("EndLateAttempts"), tenant, late.map(\.call), late.map(\.at), late.map(\.placedAt))
  }

  /// Takes in outcomes of one tenant's calls, each once: the lead waits for its retry or is done. What becomes of leads is
  /// written with COMMIT: a transaction settles a tenant's calls together.
  package func settle(_ outcomes: [Outcome], tenant: TenantID, now: Instant, in transaction: PostgresTransaction)
    async throws
  {
    let outcomes = outcomes.sorted { $0.call < $1.call }
    let byCampaign = Dictionary(grouping: outcomes, by: \.campaign).sorted { $0.key < $1.key }
    var results = try await transaction.run(
      [
        PostgresStatement(
          query("SettleAttempts"), tenant, outcomes.map(\.call), outcomes.map(\.outcome.rawValue),
          outcomes.map(\.endedAt), outcomes.map(\.permanent), outcomes.map { max(0, $0.costMicros) })
      ]
        + byCampaign.flatMap { campaign, outcomes in
          [
            PostgresStatement(try query("HoldCampaign"), tenant, campaign),
            PostgresStatement(try query("LockTasks"), tenant, campaign, outcomes.map(\.lead)),
          ]
        })[...]
    var news: [CallID: SettledAttempt] = [:]
    for row in results.removeFirst().rows { news[try row.get("call_id")] = try SettledAttempt(row) }
    var writes: [PostgresStatement] = []
    var told: [NewEvent] = []
    for (campaign, all) in byCampaign {
      let outcomes = all.filter { news[$0.call] != nil }
      let rows = results.prefix(2).map(\.rows)
      results = results.dropFirst(2)
      guard let known = try rows[0].first.map({ try self.campaign(campaign, tenant: tenant, $0) }) else { continue }
      // Most calls are a lead's first: it has no other.
      let again = outcomes.filter { news[$0.call]?.number != 1 }.map(\.lead)
      let histories = try await histories(of: again, campaign: campaign, tenant: tenant, in: transaction)
      let judged = try Self.judge(
        outcomes, news, known: known, tasks: try Self.tasks(rows[1]), histories: histories, now: now)
      writes += try finishing(judged.finished, campaign: campaign, tenant: tenant, now: now)
      writes += try puttingBack(judged.retries.map(\.entry), campaign: campaign, tenant: tenant)
      told += Self.finishedEvents(judged.finished, campaign: campaign)
      told += judged.retries.map { Self.retryEvent($0, campaign: campaign) }
    }
    try transaction.runWithCommit(writes)
    try events.append(told, in: transaction, at: now, tenant: tenant)
  }

  /// What the table knew of an attempt that is over now.
  private struct SettledAttempt: Sendable {
    var number: Int
    var grantedAt: Instant
    var phone: String

    init(_ row: PostgresRow) throws {
      number = try row.get("attempt_number")
      grantedAt = try row.get("granted_at")
      phone = try row.get("phone")
    }
  }

  private struct Retry {
    var entry: QueueEntry
    var after: Outcome
  }

  private static func judge(
    _ outcomes: [Outcome], _ settled: [CallID: SettledAttempt], known: KnownCampaign, tasks: [LeadID: LockedTask],
    histories: [LeadID: AttemptHistory], now: Instant
  ) throws -> (finished: [FinishedLead], retries: [Retry]) {
    var histories = histories
    for outcome in outcomes {
      guard let attempt = settled[outcome.call], attempt.number == 1 else { continue }
      histories[outcome.lead] = AttemptHistory(first: outcome, phone: attempt.phone, grantedAt: attempt.grantedAt)
    }
    var finished: [FinishedLead] = []
    var retries: [Retry] = []
    var seen: Set<LeadID> = []
    for outcome in outcomes {
      // A lead that waits already, or is done, was settled by something newer than this call.
      guard let task = tasks[outcome.lead], task.isOpen, !task.isWaiting, let history = histories[outcome.lead],
        let call = history.call(outcome.call), seen.insert(outcome.lead).inserted
      else { continue }
      let judgement = try RetryJudgement(
        .init(call: call.call, phone: call.phone, optedOut: outcome.optedOut),
        earlier: history.earlier(than: outcome.call), entry: history.entry, callee: try task.callee(),
        campaignIsOver: known.state == "cancelled", rules: known.rules, now: now)
      switch judgement.verdict {
      case .finish(let reason):
        finished.append(
          FinishedLead(
            lead: outcome.lead, reason: reason, attempts: history.earlier.count, outcome: outcome.outcome,
            call: outcome.call))
      case .retry(let entry): retries.append(Retry(entry: entry, after: outcome))
      }
    }
    return (finished, retries)
  }

  private static func retryEvent(_ retry: Retry, campaign: CampaignID) -> NewEvent {
    var event = RetryScheduled()
    event.campaignId = campaign.description
    event.leadId = retry.after.lead.description
    event.callId = retry.after.call.description
    event.outcome = retry.after.outcome.wire
    event.dueAt = Timestamp(retry.entry.dueAt)
    return NewEvent(key: event.leadId, message: event)
  }
}

/// A lead as the dialer knows it, locked.
struct LockedTask: Sendable {
  var isOpen: Bool
  var isWaiting: Bool
  /// It waits for a call that somebody asked for.
  var isRequested: Bool
  private let row: PostgresRow

  /// Of a row of LockTasks.
  init(_ row: PostgresRow) throws {
    isOpen = try row.get("state", as: String.self) == "open"
    isWaiting = try row.get("due_at", as: Instant?.self) != nil
    isRequested = try row.get("rank", as: Int?.self) == QueueEntry.requested
    self.row = row
  }

  /// Read when it is asked for: most calls end in a way that its lead has no say in.
  func callee() throws -> Callee { try DialStore.lead(row).callee }
}

/// Every attempt at a lead.
struct AttemptHistory: Sendable {
  struct Attempt: Sendable {
    var id: CallID
    var judged: RetryJudgement.Earlier
  }

  /// Attempts that left, in order.
  var earlier: [Attempt] = []
  /// The lead's place in the queue as far as its attempts decide it.
  var entry: QueueEntry

  init(entry: QueueEntry) { self.entry = entry }

  /// Of a lead that was called once.
  init(first: DialStore.Outcome, phone: String, grantedAt: Instant) {
    entry = QueueEntry(lead: first.lead, rank: 0, dueAt: grantedAt)
    entry.attempts = 1
    let call = PastCall(outcome: first.outcome, at: grantedAt, isPermanentFailure: first.permanent)
    earlier = [Attempt(id: first.call, judged: .init(call: call, phone: phone))]
  }

  func call(_ id: CallID) -> RetryJudgement.Earlier? { earlier.first { $0.id == id }?.judged }

  func earlier(than id: CallID) -> [RetryJudgement.Earlier] { earlier.filter { $0.id != id }.map(\.judged) }
}

extension DialStore {
  /// The leads of a campaign, locked in one order everywhere.
  func tasks(
    _ leads: [LeadID], of campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> [LeadID: LockedTask] {
    try Self.tasks(await transaction.query(query("LockTasks"), tenant, campaign, leads))
  }

  /// Of rows of LockTasks.
  static func tasks(_ rows: [PostgresRow]) throws -> [LeadID: LockedTask] {
    try Dictionary(uniqueKeysWithValues: rows.map { (try $0.get("lead_id"), try LockedTask($0)) })
  }

  /// The attempts of leads; none for a lead that was never called.
  func histories(
    of leads: [LeadID], campaign: CampaignID, tenant: TenantID, in session: any PostgresSession
  ) async throws -> [LeadID: AttemptHistory] {
    var histories: [LeadID: AttemptHistory] = [:]
    guard !leads.isEmpty else { return histories }
    for row in try await session.query(query("AttemptHistory"), tenant, campaign, leads) {
      let lead: LeadID = try row.get("lead_id")
      let granted: Instant = try row.get("granted_at")
      var history = histories[lead] ?? AttemptHistory(entry: QueueEntry(lead: lead, rank: 0, dueAt: granted))
      history.entry.attempts = try row.get("attempt_number")
      if try row.get("state", as: String.self) == "withdrawn" {
        history.entry.withdrawn += 1
      } else {
        let call = PastCall(
          // An attempt without an outcome of its own yet counts as one that failed: it was made all the same.
          outcome: try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:)) ?? .failed,
          at: granted, isPermanentFailure: try row.get("permanent"))
        history.earlier.append(
          .init(id: try row.get("call_id"), judged: .init(call: call, phone: try row.get("phone"))))
      }
      histories[lead] = history
    }
    return histories
  }
}
