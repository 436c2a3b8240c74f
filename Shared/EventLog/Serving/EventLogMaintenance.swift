import Core
public import Lifecycle
public import Logging
public import Postgres

/// Keeps a log's daily partitions: makes those of the days to come, drops what is old.
public struct EventLogMaintenance: LifecycleService {
  /// Partitions made in advance.
  private static let daysAhead = 7
  private static let interval: Duration = .hours(1)

  public let name = "event-log-maintenance"
  private let pool: PostgresPool
  private let query: NamedQuery
  private let keepDays: Int
  private let logger: Logger

  /// - Parameter keepDays: How many whole days events are kept, 1 or more. A consumer that is away for longer cannot go
  ///   on and says so.
  public init(pool: PostgresPool, log: EventLog, keepDays: Int = 90, logger: Logger = .discarding) {
    precondition(keepDays > 0, "events are kept for a day at least")
    self.pool = pool
    query = EventQueries(schema: log.schema)["MaintainEvents"]
    self.keepDays = keepDays
    self.logger = logger.with([LogField("schema", log.schema)])
  }

  public func run() async throws {
    while true {
      do {
        try await maintain()
      } catch let error as PostgresError {
        logger.warning("the event log's partitions could not be kept up", [.error(error)])
      }
      try await Task.sleep(for: EventLogMaintenance.interval)
    }
  }

  /// One round. Harmless beside another instance's.
  ///
  /// Throws: `PostgresError`, `.timedOut` when a table was in use for too long.
  public func maintain() async throws {
    guard let row = try await pool.query(query, EventLogMaintenance.daysAhead, keepDays).first else { return }
    let (created, dropped): (Int, Int) = (try row.get("created"), try row.get("dropped"))
    if created + dropped > 0 {
      logger.info("event log maintained", [LogField("created", created), LogField("dropped", dropped)])
    }
  }
}
