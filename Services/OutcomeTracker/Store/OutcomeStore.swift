import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// Ended calls, their transcripts, outcomes and costs.
struct OutcomeStore: Sendable {
  let pool: PostgresPool
  let events: EventLog
  private let catalog: QueryCatalog

  init(pool: PostgresPool, events: EventLog) throws {
    self.pool = pool
    self.events = events
    catalog = try QueryCatalog(PackageResources.outcome_queries_sql)
  }

  private func query(_ name: String) throws -> NamedQuery { try catalog.query(name) }

  /// Takes in a call that ended, with its transcript. A second time changes nothing.
  func take(
    _ ended: CallEnded, call: CallID, campaign: CampaignID, lead: LeadID, tenant: TenantID,
    in transaction: PostgresTransaction
  ) async throws {
    guard let endedAt = ended.endedAt?.instant else { return }
    let added = try await transaction.execute(
      query("InsertCall"), tenant, call, campaign, lead, Int(ended.attemptNumber), endedAt, ended.encoded(),
      ended.answeredAt != nil)
    guard added == 1, !ended.transcript.isEmpty else { return }
    let turns = ended.transcript
    try await transaction.execute(
      query("InsertTurns"), tenant, call, Array(turns.indices),
      turns.map { $0.speaker == .person ? "person" : "agent" },
      turns.map(\.text), turns.map(\.startMilliseconds), turns.map(\.endMilliseconds), turns.map(\.interrupted))
  }

  /// A call whose outcome is to be decided.
  struct UndecidedCall: Sendable {
    var tenant: TenantID
    var call: CallID
    var ended: CallEnded
    var tries: Int
  }

  /// Undecided calls whose turn has come, left to this instance for `seconds`.
  func claimUndecided(most: Int, seconds: Double) async throws -> [UndecidedCall] {
    try await pool.query(query("ClaimUndecided"), most, seconds).map { row in
      UndecidedCall(
        tenant: try row.get("tenant_id"), call: try row.get("call_id"),
        ended: try CallEnded.decode(row.get("facts", as: [UInt8].self)), tries: try row.get("tries"))
    }
  }

  func decideLater(_ call: CallID, tenant: TenantID, seconds: Double) async throws {
    try await pool.execute(query("DecideLater"), tenant, call, seconds)
  }

  /// Stores what a call came to and tells of it, once.
  func decide(_ record: CallRecord, call: CallID, campaign: CampaignID, tenant: TenantID, now: Instant) async throws {
    try await pool.transaction(name: "DecideOutcome") { transaction in
      let talk = (record.talkDuration?.duration ?? .zero).microseconds / 1000
      let news = try await transaction.execute(
        query("Decide"), tenant, call, Telephony.CallOutcome(record.outcome)?.rawValue ?? "failed", record.encoded(),
        record.costMicros, talk, record.score.map { Int($0.score) })
      guard news == 1 else { return }
      if !record.costs.isEmpty {
        try await transaction.execute(
          query("InsertCosts"), tenant, call, campaign, record.costs.map(\.vendor), record.costs.map(\.costMicros),
          record.costs.map(\.basis))
      }
      var event = OutcomeDecided()
      event.call = record
      try events.append([NewEvent(key: record.leadId, message: event)], in: transaction, at: now, tenant: tenant)
    }
  }

  /// A decided call; nil when there is none, or none decided yet.
  func call(_ call: CallID, tenant: TenantID) async throws -> CallRecord? {
    guard let bytes = try await pool.query(query("CallByID"), tenant, call).first?.get("record", as: [UInt8]?.self)
    else { return nil }
    return try CallRecord.decode(bytes)
  }

  func calls(
    of campaign: CampaignID, lead: LeadID?, outcome: Telephony.CallOutcome?, tenant: TenantID,
    after position: ListPosition<CallEntity>,
    limit: Int
  ) async throws -> [(position: ListPosition<CallEntity>, record: CallRecord)] {
    let rows =
      if let lead {
        try await pool.query(
          query("CallsOfLead"), tenant, lead, position.time, position.id, outcome?.rawValue, limit)
      } else {
        try await pool.query(
          query("CallsOfCampaign"), tenant, campaign, position.time, position.id, outcome?.rawValue, limit)
      }
    return try rows.map { row in
      (
        ListPosition(time: try row.get("ended_at"), id: try row.get("call_id")),
        try CallRecord.decode(row.get("record", as: [UInt8].self))
      )
    }
  }

  func transcript(of call: CallID, tenant: TenantID) async throws -> [TranscriptTurn] {
    try await pool.query(query("TurnsOfCall"), tenant, call).map { row in
      var turn = TranscriptTurn()
      turn.speaker = try row.get("speaker", as: String.self) == "person" ? .person : .agent
      turn.text = try row.get("text")
      turn.startMilliseconds = try row.get("start_milliseconds")
      turn.endMilliseconds = try row.get("end_milliseconds")
      turn.interrupted = try row.get("interrupted")
      return turn
    }
  }

  func statistics(of campaign: CampaignID, tenant: TenantID) async throws -> CallStatistics {
    var statistics = CallStatistics()
    var talk: Int64 = 0
    for row in try await pool.query(query("StatisticsByOutcome"), tenant, campaign) {
      let calls: Int64 = try row.get("calls")
      statistics.calls += calls
      statistics.answered += try row.get("answered", as: Int64.self)
      statistics.byOutcome[try row.get("outcome")] = calls
      statistics.costMicros += try row.get("cost_micros", as: Int64.self)
      talk += try row.get("talk_milliseconds", as: Int64.self)
    }
    statistics.talkDuration = ProtobufDuration(.milliseconds(talk))
    for row in try await pool.query(query("CostsByVendor"), tenant, campaign) {
      statistics.costMicrosByVendor[try row.get("vendor")] = try row.get("cost_micros")
    }
    for row in try await pool.query(query("ScoreBands"), tenant, campaign) {
      let band: Int = try row.get("band")
      statistics.scores["\(band * 20)-\(band == 4 ? 100 : band * 20 + 19)"] = try row.get("calls")
    }
    return statistics
  }
}
