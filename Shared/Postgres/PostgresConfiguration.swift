import Core

/// Where a database is and how it is used.
public struct PostgresConfiguration: Sendable {
  /// `postgres://user:password@host:port/database?sslmode=…`; what libpq takes, several hosts included. A Unix socket's
  /// folder is given as `?host=/path`.
  public var url: String
  /// Shown in the server's `pg_stat_activity` and log.
  public var applicationName: String
  /// Connections at most.
  public var poolSize: Int
  /// Set as `search_path`, alone. Nil leaves the server's.
  public var schema: String?
  /// Logs in as this role instead of the user in `url`, with the password that `Migrator` gave it.
  public var role: String?
  /// Every statement finds its rows by key, so no plan may read a table from one end to the other where an index is
  /// there: the server keeps plans, and one that was made while a table was small is wrong a minute later.
  public var plansByKey: Bool
  /// The server ends statements that take longer; nil means no limit.
  public var statementTimeout: Duration?
  /// How long one attempt to connect may take. Rounded up to seconds.
  public var connectTimeout: Duration
  /// How long a caller waits for a connection before `PostgresError.Code.timedOut` or `.unavailable`.
  public var acquireTimeout: Duration
  /// For the simulation alone: gets the name of each transaction, and of the first of statements that run outside of
  /// one, before it is committed and after. What it throws before undoes the transaction; after, it hides the commit.
  package var commitFault: (@Sendable (CommitMoment, String) async throws -> Void)?

  package enum CommitMoment: Hashable, Sendable {
    case before
    case after
  }

  public init(
    url: String, applicationName: String = "ringmaster", poolSize: Int = 8, schema: String? = nil,
    role: String? = nil, plansByKey: Bool = false, statementTimeout: Duration? = .seconds(30),
    connectTimeout: Duration = .seconds(5), acquireTimeout: Duration = .seconds(10)
  ) {
    precondition(poolSize > 0, "a pool has room for a connection")
    self.url = url
    self.applicationName = applicationName
    self.poolSize = poolSize
    self.schema = schema
    self.role = role
    self.plansByKey = plansByKey
    self.statementTimeout = statementTimeout
    self.connectTimeout = connectTimeout
    self.acquireTimeout = acquireTimeout
  }
}
