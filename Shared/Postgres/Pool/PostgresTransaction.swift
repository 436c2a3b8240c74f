internal import CPostgres
import Synchronization

/// How far a transaction is kept apart from others (PostgreSQL 16 manual, section 13.2).
public enum TransactionIsolation: Hashable, Sendable {
  case readCommitted
  case repeatableRead
  case serializable

  fileprivate var begin: NamedQuery {
    switch self {
    case .readCommitted: PostgresTransaction.beginReadCommitted
    case .repeatableRead: PostgresTransaction.beginRepeatableRead
    case .serializable: PostgresTransaction.beginSerializable
    }
  }
}

/// A transaction that is open. Valid inside the closure that it was given to; may be used by its child tasks.
public final class PostgresTransaction: PostgresSession {
  private struct State {
    var isOver = false
    /// The first failure after which only a new attempt can succeed.
    var retryable: PostgresError?
    /// Sent together with COMMIT.
    var last: [PostgresStatement] = []
    var commitHooks: [@Sendable () -> Void] = []
  }

  fileprivate static let beginReadCommitted = NamedQuery(name: "begin", sql: "begin isolation level read committed")
  fileprivate static let beginRepeatableRead = NamedQuery(name: "begin", sql: "begin isolation level repeatable read")
  fileprivate static let beginSerializable = NamedQuery(name: "begin", sql: "begin isolation level serializable")
  private static let commit = NamedQuery(name: "commit", sql: "commit")
  private static let rollback = NamedQuery(name: "rollback", sql: "rollback")

  private let connection: PostgresConnection
  private let metrics: PoolMetrics
  private let state = Mutex(State())

  init(_ connection: PostgresConnection, _ isolation: TransactionIsolation, _ metrics: PoolMetrics) {
    self.connection = connection
    self.metrics = metrics
    connection.beginWithNext(isolation.begin)
  }

  /// Why the whole transaction should be tried again, if it should.
  var retryable: PostgresError? { state.withLock { $0.retryable } }

  /// Runs `statements`. BEGIN travels with the first of them, so that it costs no round trip.
  public func run(_ statements: [PostgresStatement]) async throws -> [PostgresResult] {
    guard let first = statements.first else { return [] }
    try checkIsOpen()
    var batch = EncodedBatch()
    for statement in statements { try batch.append(statement) }
    let started = ContinuousClock.now
    do {
      let results = try await connection.run(batch)
      metrics.finished(first.query, since: started)
      return results.map(PostgresResult.init)
    } catch let error as PostgresError {
      note(error)
      throw error
    }
  }

  /// Runs `statements` after all others, in one round trip with COMMIT, for what needs no answer. When one of them fails
  /// the transaction does, with its error.
  public func runWithCommit(_ statements: [PostgresStatement]) throws {
    try checkIsOpen()
    state.withLock { $0.last += statements }
  }

  /// Streams rows into `table`, as part of the transaction; see `PostgresCopyWriter`. Nothing else of the transaction
  /// may run meanwhile.
  ///
  /// Returns: the number of rows.
  public func copyIn(
    table: String, columns: [String], _ body: (PostgresCopyWriter) async throws -> Void
  ) async throws -> Int {
    try checkIsOpen()
    do {
      return try await connection.copyIn(table: table, columns: columns, body)
    } catch let error as PostgresError {
      note(error)
      throw error
    }
  }

  /// Calls `action` after the transaction has committed; not when it is rolled back or its fate is unknown.
  public func onCommit(_ action: @escaping @Sendable () -> Void) {
    state.withLock { $0.commitHooks.append(action) }
  }

  private func checkIsOpen() throws(PostgresError) {
    guard !state.withLock({ $0.isOver }) else { throw PostgresError(.syntax, "the transaction is over") }
  }

  func commit() async throws {
    let last = state.withLock { state in
      state.isOver = true
      return state.last
    }
    if !last.isEmpty || !connection.forgetBegin() {
      if let retryable { throw retryable }
      try Task.checkCancellation()
      try await sendCommit(after: last)
    }
    for hook in state.withLock({ $0.commitHooks }) { hook() }
  }

  private func sendCommit(after last: [PostgresStatement]) async throws {
    var batch = EncodedBatch()
    for statement in last { try batch.append(statement) }
    try batch.append(PostgresStatement(PostgresTransaction.commit))
    let started = ContinuousClock.now
    do {
      let results = try await connection.run(batch, isCancellable: false)
      if let first = last.first { metrics.finished(first.query, since: started) }
      // The server answers COMMIT with ROLLBACK when a statement had failed and the body did not say so.
      guard let result = results.last, let tag = PQcmdStatus(result.handle), String(cString: tag) == "COMMIT" else {
        throw PostgresError(.server, "rolled back, because a statement failed", queryName: "commit")
      }
    } catch var error as PostgresError {
      if error.wasInFlight || error.code == .unavailable && connection.failure == nil {
        error = PostgresError(.commitUnknown, error.message, sqlState: error.sqlState, queryName: "commit")
      }
      note(error)
      throw error
    }
  }

  /// Undoes what was done. When even that fails the connection is closed, which undoes it too.
  func rollback() async {
    state.withLock { $0.isOver = true }
    guard !connection.forgetBegin(), connection.isInTransaction, connection.isUsable else { return }
    var batch = EncodedBatch()
    do {
      try batch.append(PostgresStatement(PostgresTransaction.rollback))
      _ = try await connection.run(batch, isCancellable: false)
    } catch {
      connection.close()
    }
  }

  private func note(_ error: PostgresError) {
    metrics.failed(error)
    guard error.code == .serialization || error.code == .unavailable || error.isStalePlan else { return }
    state.withLock { if $0.retryable == nil { $0.retryable = error } }
  }
}
