import Core
import EventLog
import Postgres
import Telephony

/// The bridge's schema. Domain values in and out; the statements are in `SQL/queries`.
struct CallStore: Sendable {
  let pool: PostgresPool
  let events: EventLog
  let instance: InstanceID
  private let catalog: QueryCatalog

  init(pool: PostgresPool, events: EventLog, instance: InstanceID) throws {
    self.pool = pool
    self.events = events
    self.instance = instance
    catalog = try QueryCatalog(PackageResources.media_queries_sql)
  }

  func query(_ name: String) throws -> NamedQuery { try catalog.query(name) }

  func call(_ call: CallID, tenant: TenantID) async throws -> StoredCall? {
    try await pool.query(query("CallByID"), tenant, call).first.map(StoredCall.init)
  }

  func script(of call: CallID, tenant: TenantID) async throws -> CallScript? {
    try await pool.query(query("ScriptOfCall"), tenant, call).first.map { row in
      CallScript(
        instructions: try row.get("instructions"), greeting: try row.get("greeting"),
        voicemail: try row.get("voicemail"), voice: try row.get("voice"))
    }
  }

  /// Writes down a call that the provider is about to be asked for. False when the call, or another with the same
  /// attempt, is here already, or while another call to its number is under way: then nothing was written.
  func insert(_ order: CallOrder, now: Instant, deadline: Instant) async throws -> Bool {
    var record = CallRecord(requestedAt: now, leavesVoicemail: order.leaveVoicemail)
    let upkeep = CallUpkeep(.asking, record.handle(.asking, at: now), of: order.call, tries: 0)
    return try await pool.transaction(name: "InsertCall") { transaction in
      let added = try await transaction.execute(
        query("InsertCall"), values: values(order, record, askedAt: now, upkeep: upkeep, deadline: deadline))
      guard added == 1 else { return false }
      let script = order.script
      try transaction.runWithCommit([
        PostgresStatement(
          query("InsertScript"), order.tenant, order.call, script.instructions, script.greeting, script.voicemail,
          script.voice)
      ])
      return true
    }
  }

  /// Writes down that a call was asked of nobody, so that it never is. False when the call, or another with the same
  /// attempt, is here already.
  ///
  /// - Parameter reason: `permitExpired` or `numberInUse`.
  func insertWithdrawn(_ order: CallOrder, for reason: CallReport, now: Instant) async throws -> Bool {
    var record = CallRecord(requestedAt: now, leavesVoicemail: order.leaveVoicemail)
    _ = record.handle(reason, at: now)
    let upkeep = CallUpkeep(reason, [], of: order.call, tries: 0)
    return try await pool.execute(
      query("InsertCall"), values: values(order, record, askedAt: nil, upkeep: upkeep, deadline: now)) == 1
  }

  private func values(
    _ order: CallOrder, _ record: CallRecord, askedAt: Instant?, upkeep: CallUpkeep, deadline: Instant
  ) -> [(any PostgresEncodable)?] {
    [
      order.tenant, order.call, order.campaign, order.lead, order.attemptNumber, order.to, order.from, order.provider,
      order.grantedAt, order.expiresAt, order.policyVersion, order.evidence, order.maxDuration, order.leaveVoicemail,
      record.state.rawValue, record.placement.rawValue, record.requestedAt, record.endedAt, record.failure,
      record.isWithdrawn, record.isFinished ? record.endedAt : nil, instance, askedAt,
      (upkeep.lookAfter ?? .zero).inSeconds, deadline,
    ]
  }
}
