import Core
public import Logging
public import Postgres

/// A database of a test's own, in a private PostgreSQL that lives as long as the test process.
///
///     try await TestDatabase.with(migrations: [Migrator(schema: "dialer", role: "dialer", migrations: …)]) { database in
///       let pool = database.pool(schema: "dialer")
///       …
///     }
public struct TestDatabase: Sendable {
  /// Address of the database for an administrator.
  public let url: String
  let name: String

  /// Makes a database, runs `body`, and drops the database with whatever is connected to it.
  ///
  /// - Parameter migrators: Run on a template once per process, so that each test costs a copy of it only.
  @discardableResult
  public static func with<R: Sendable>(
    _ migrators: [Migrator] = [], _ body: (TestDatabase) async throws -> R
  ) async throws -> R {
    let server = try await TestServer.shared()
    let database = try await server.makeDatabase(migrators)
    do {
      let result = try await body(database)
      try await server.drop(database)
      return result
    } catch {
      try? await server.drop(database)  // The test's own error says more.
      throw error
    }
  }

  /// A pool for `role`, or for the administrator. To be closed by the test; dropping the database cuts it off anyway.
  public func pool(
    schema: String? = nil, role: String? = nil, size: Int = 4, plansByKey: Bool = false, logger: Logger = .discarding
  ) -> PostgresPool {
    PostgresPool(
      configuration: PostgresConfiguration(
        url: url, applicationName: "test", poolSize: size, schema: schema, role: role, plansByKey: plansByKey,
        statementTimeout: .seconds(30)),
      logger: logger)
  }
}
