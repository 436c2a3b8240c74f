import Core
import Postgres
import Telephony

/// What any instance may take up, and what instances know of each other.
extension CallStore {
  /// A call for which something is still to be done.
  struct Work: Sendable {
    var call: StoredCall
    /// Whether a request that was on its way when the provider was asked would have arrived by now.
    var hasSettled: Bool

    init(_ row: PostgresRow) throws {
      call = try StoredCall(row)
      hasSettled = try row.get("has_settled", as: Bool?.self) ?? true
    }
  }

  /// - Parameters:
  ///   - lease: How long others are kept away from what is taken.
  ///   - settle: Real time after which a request counts as arrived or lost.
  func claimWork(most: Int, lease: Duration, settle: Duration) async throws -> [Work] {
    try await pool.query(query("ClaimWork"), most, lease.inSeconds, settle.inSeconds).map(Work.init)
  }

  /// Lets what could not be settled for a call be taken up again soon.
  func lookAgain(_ call: CallID, tenant: TenantID, after delay: Duration) async throws {
    try await pool.execute(query("LookAgain"), tenant, call, delay.inSeconds)
  }

  /// Calls of which nothing was heard by their deadline; the next is `next`.
  func claimOverdue(now: Instant, next: Instant, most: Int) async throws -> [StoredCall] {
    try await pool.query(query("ClaimOverdue"), now, next, most).map { try Work($0).call }
  }

  /// Calls whose conversation was held by an instance that is dead.
  func abandonedSessions(most: Int) async throws -> [CallID] {
    try await pool.query(query("AbandonedSessions"), most).map { try $0.get("call_id") }
  }

  /// Which of the provider's ids belong to calls of ours other than `call`.
  func known(_ ids: [ProviderCallID], of call: StoredCall) async throws -> Set<ProviderCallID> {
    guard !ids.isEmpty else { return [] }
    let rows = try await pool.query(
      query("KnownProviderCalls"), call.provider, ids.map(\.text), call.call)
    return Set(try rows.map { ProviderCallID(try $0.get("provider_call_id")) })
  }

  // MARK: Instances

  /// Says that this instance lives, for `duration` of real time.
  func stayAlive(streamURL: String, for duration: Duration) async throws {
    _ = try await pool.run([
      PostgresStatement(query("StayAlive"), TenantID.standard, instance, streamURL, duration.inSeconds),
      PostgresStatement(query("ForgetDeadInstances")),
    ])
  }

  /// This instance ends in good order.
  func leave() async throws {
    try await pool.execute(query("Leave"), TenantID.standard, instance)
  }

  func ended(among calls: [CallID]) async throws -> [CallID] {
    guard !calls.isEmpty else { return [] }
    return try await pool.query(query("EndedAmong"), calls).map { try $0.get("call_id") }
  }

  func liveCallsByState() async throws -> [CallState: Int] {
    var counts: [CallState: Int] = [:]
    for row in try await pool.query(query("LiveCallsByState")) {
      counts[try row.word("state")] = try row.get("calls")
    }
    return counts
  }

  // MARK: Transcripts

  /// Writes what was said since the last time, and what the engine has cost so far. Does nothing once the call's end was
  /// told.
  func save(
    _ turns: [Transcript.Turn], usage: EngineUsage, latencies: [Int32], of call: CallID, tenant: TenantID
  ) async throws {
    var statements: [(NamedQuery, [(any PostgresEncodable)?])] = []
    if !turns.isEmpty {
      statements.append(
        (
          try query("SaveTurns"),
          [
            tenant, call, turns.map(\.item), turns.map(\.ordinal), turns.map(\.speaker.rawValue),
            turns.map(\.text), turns.map(\.start), turns.map(\.end), turns.map(\.interrupted),
          ]
        ))
    }
    statements.append(
      (try query("SaveEngineUse"), [tenant, call, usage.inputTokens, usage.outputTokens, latencies]))
    _ = try await pool.pipeline(statements)
  }
}
