internal import CPostgres
public import Logging
import Synchronization

/// Brings a schema up to date and makes the role that may use it.
public struct Migrator: Sendable {
  public let schema: String
  public let role: String
  public let migrations: [Migration]

  /// - Parameters:
  ///   - schema: Made when missing. Owned by the administrator, as is everything in it.
  ///   - role: Made when missing. May read and write the schema's tables and nothing else; may not change them.
  ///   - migrations: Applied component by component, by number.
  public init(schema: String, role: String, migrations: [Migration]) {
    self.schema = schema
    self.role = role
    self.migrations = migrations
  }

  /// Applies what is missing, one transaction each, over one connection that holds an advisory lock, so that several
  /// instances may start at once: the others wait and find nothing left to do.
  ///
  /// The role logs in with a password derived from the one in `adminURL` (see `PostgresConfiguration.role`), and has
  /// none when that has none.
  ///
  /// - Parameter adminURL: Of a user that may create roles and schemas in the database.
  ///
  /// Throws: `PostgresError.Code.migration` when a migration was changed after it was applied, is missing, or comes
  /// before one that was applied; the `PostgresError` of the statement that failed.
  public func run(on adminURL: String, logger: Logger = .discarding) async throws {
    try SQLIdentifier.check(schema)
    try SQLIdentifier.check(role)
    let password = try RolePassword.derive(role: role, url: adminURL)
    let connection = try await PostgresConnection.connect(
      PostgresConfiguration(url: adminURL, applicationName: "migrate \(schema)", poolSize: 1, statementTimeout: nil))
    defer { connection.close() }  // Frees the lock.
    _ = try await connection.run(MigratorQueries.lock)
    try await connection.script("create schema if not exists \(schema)", "create schema")
    try await createRole(connection, password)
    try await connection.script(MigratorQueries.createHistory(schema), "create migration history")
    let plan = try MigrationPlan(migrations, applied: try await history(connection))
    for entry in plan.newer {
      logger.warning(
        "the database has a migration that this program does not know",
        [LogField("schema", schema), LogField("component", entry.component), LogField("number", entry.number)])
    }
    for migration in plan.pending {
      try await apply(migration, connection)
      logger.info(
        "migration applied",
        [
          LogField("schema", schema), LogField("component", migration.component), LogField("number", migration.number),
          LogField("name", migration.name),
        ])
    }
    try await connection.script(TableStatistics.function(schema: schema), "create statistics function")
    try await connection.script(MigratorQueries.grants(schema: schema, role: role), "grant")
  }

  private func history(_ connection: PostgresConnection) async throws -> [AppliedMigration] {
    try await connection.run(MigratorQueries.history(schema)).map { row in
      AppliedMigration(
        component: try row.get("component"), number: try row.get("number"), name: try row.get("name"),
        checksum: try row.get("checksum"))
    }
  }

  private func apply(_ migration: Migration, _ connection: PostgresConnection) async throws {
    let name = "migration \(migration.component) \(migration.number) \(migration.name)"
    do {
      try await connection.script("begin; set local search_path to \(schema)", name)
      try await connection.script(migration.sql, name)
      _ = try await connection.run(
        MigratorQueries.record(schema), migration.component, migration.number, migration.name, migration.checksum)
      try await connection.script("commit", name)
    } catch let error as PostgresError {
      throw PostgresError(
        .migration, "\(name) of schema \(schema) failed and changed nothing: \(error.message)",
        sqlState: error.sqlState, queryName: error.queryName, constraint: error.constraint)
    }
  }

  /// Roles belong to the server, not to the database: instances that migrate another database may be at it as well.
  private func createRole(_ connection: PostgresConnection, _ password: String?) async throws {
    var clause = "login nosuperuser nocreatedb nocreaterole noreplication"
    if let password { clause += " password '\(try connection.encrypted(password, role: role))'" }
    var attempt = 1
    while true {
      do {
        let exists = try await !connection.run(MigratorQueries.findRole, role).isEmpty
        if exists, password == nil { return }
        try await connection.script("\(exists ? "alter" : "create") role \(role) with \(clause)", "create role")
        return
      } catch let error as PostgresError {
        // Somebody made it just now (duplicate object, unique violation), or changes it ("tuple concurrently updated").
        guard ["42710", "23505", "XX000"].contains(error.sqlState), attempt < 20 else { throw error }
        attempt += 1
      }
    }
  }
}

/// The statements of `Migrator`. Names in them have passed `SQLIdentifier.check`.
private enum MigratorQueries {
  /// One lock for the whole database: granting changes rows that schemas share.
  static let lock = NamedQuery(
    name: "lock migrations", sql: "select pg_advisory_lock(hashtextextended('ringmaster migrations', 0))")
  static let findRole = NamedQuery(name: "find role", sql: "select 1 from pg_roles where rolname = $1::text::name")

  static func createHistory(_ schema: String) -> String {
    """
    create table if not exists \(schema).schema_migration (
      component text not null,
      number integer not null,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now(),
      primary key (component, number)
    )
    """
  }

  static func history(_ schema: String) -> NamedQuery {
    NamedQuery(
      name: "migration history", sql: "select component, number, name, checksum from \(schema).schema_migration")
  }

  static func record(_ schema: String) -> NamedQuery {
    NamedQuery(
      name: "record migration",
      sql: "insert into \(schema).schema_migration (component, number, name, checksum) values ($1, $2, $3, $4)")
  }

  static func grants(schema: String, role: String) -> String {
    """
    begin;
    revoke all on schema public from public;
    revoke all on schema \(schema) from public;
    grant usage on schema \(schema) to \(role);
    grant select, insert, update, delete, truncate on all tables in schema \(schema) to \(role);
    grant usage, select, update on all sequences in schema \(schema) to \(role);
    grant execute on all functions in schema \(schema) to \(role);
    revoke all on \(schema).schema_migration from \(role);
    grant select on \(schema).schema_migration to \(role);
    commit
    """
  }
}

extension PostgresConnection {
  fileprivate func script(_ sql: String, _ name: String) async throws {
    _ = try await runScript(sql, name: name)
  }

  fileprivate func run(_ query: NamedQuery, _ values: (any PostgresEncodable)?...) async throws -> [PostgresRow] {
    var batch = EncodedBatch()
    try batch.append(PostgresStatement(query, values))
    return try await run(batch).first?.rows ?? []
  }

  /// The verifier that the server keeps (SCRAM-SHA-256), so that the password is in no statement and no log.
  fileprivate func encrypted(_ password: String, role: String) throws(PostgresError) -> String {
    try state.withLock { (state) throws(PostgresError) in
      guard let handle = state.handle else {
        throw state.failure ?? PostgresError(.unavailable, "the connection is closed")
      }
      guard let text = PQencryptPasswordConn(handle, password, role, "scram-sha-256") else {
        throw PostgresError(.configuration, errorMessage(handle))
      }
      defer { PQfreemem(text) }
      return String(cString: text)
    }
  }
}
