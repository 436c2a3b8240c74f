import Core
import Logging

extension PostgresPool {
  /// Between attempts at a transaction that others were in the way of.
  private static let retry = Backoff(initial: .milliseconds(5), maximum: .milliseconds(500), jitter: 0.5)

  /// Runs `body` in a transaction and commits it.
  ///
  /// After a serialization failure, a deadlock, or a connection lost before COMMIT was sent, everything is undone and
  /// `body` runs again from its start, so its effects outside of the database may happen more than once.
  ///
  /// - Parameters:
  ///   - name: For metrics.
  ///   - retries: How many times more `body` may run.
  ///   - actor: The caller's isolation, in which `body` runs.
  ///
  /// Throws: what `body` throws, after undoing; `PostgresError.Code.commitUnknown` when the connection was lost while
  /// committing: read before doing it again. `CancellationError` when the task was cancelled before COMMIT was sent.
  @discardableResult
  public func transaction<T>(
    isolation: TransactionIsolation = .readCommitted, name: StaticString, retries: Int = 5,
    actor: isolated (any Actor)? = #isolation, _ body: (PostgresTransaction) async throws -> T
  ) async throws -> T {
    var attempt = 1
    while true {
      let connection = try await acquire()
      let transaction = PostgresTransaction(connection, isolation, metrics)
      do {
        let value = try await body(transaction)
        try await configuration.commitFault?(.before, "\(name)")
        try await transaction.commit()
        try await configuration.commitFault?(.after, "\(name)")
        release(connection)
        return value
      } catch {
        await transaction.rollback()
        release(connection)
        guard let reason = transaction.retryable, !(error is CancellationError), attempt <= retries else { throw error }
        metrics.retried(name, reason.code)
        logger.debug("transaction is tried again", [LogField("transaction", "\(name)"), .error(reason)])
      }
      try await Task.sleep(for: PostgresPool.retry.delay(attempt: attempt))
      attempt += 1
    }
  }

  /// Streams rows into `table` in a transaction of its own; see `PostgresCopyWriter`. Never tried again.
  ///
  /// Returns: the number of rows.
  public func copyIn(
    table: String, columns: [String], _ body: (PostgresCopyWriter) async throws -> Void
  ) async throws -> Int {
    try await transaction(name: "copy", retries: 0) { transaction in
      try await transaction.copyIn(table: table, columns: columns, body)
    }
  }
}
