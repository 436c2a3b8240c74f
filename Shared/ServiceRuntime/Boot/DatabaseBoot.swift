import Core
import Logging
import Postgres

/// Brings the schema up to date, waiting for a database that does not answer yet.
struct DatabaseBoot: Sendable {
  var schema: DatabaseSchema
  var url: String
  /// Real time.
  var patience: Duration
  var logger: Logger
  var backoff = Backoff(initial: .milliseconds(250), maximum: .seconds(3))

  /// Throws: `StartFailure` when the database did not answer within `patience`; `PostgresError` for anything else that
  /// is wrong with it; `CancellationError`.
  func run() async throws {
    let migrator = Migrator(schema: schema.name, role: schema.role, migrations: schema.migrations)
    let deadline = ContinuousClock.now + patience
    var attempt = 1
    while true {
      do {
        try await migrator.run(on: url, logger: logger)
        return
      } catch let error as PostgresError where error.code == .unavailable || error.code == .timedOut {
        try Task.checkCancellation()
        let pause = backoff.delay(attempt: attempt)
        guard ContinuousClock.now + pause < deadline else {
          throw StartFailure(
            status: ExitStatus.unavailable,
            description: "the database did not answer within \(patience) (is it running, and is "
              + "RINGMASTER_DATABASE_URL right?): \(error.message)")
        }
        logger.warning(
          "waiting for the database",
          [LogField("attempt", attempt), LogField("next_try_in", pause), LogField("problem", error.message)])
        try await Task.sleep(for: pause)
        attempt += 1
      }
    }
  }
}
