import Core
public import Lifecycle
public import Logging
public import Metrics
import Synchronization

/// A bounded number of connections, shared.
///
/// Opens connections as they are needed, hands them out in the order in which callers asked, closes those that failed
/// or rest for long, and keeps trying, with back-off, while the server is away.
public final class PostgresPool: LifecycleService, PostgresSession, TickHandler {
  struct State {
    var idle: [(connection: PostgresConnection, since: ContinuousClock.Instant)] = []
    /// Connections open, opening or lent.
    var total = 0
    var waiters = WaiterQueue()
    var isClosed = false
    /// Whether the last attempt to connect failed: the first failure and the first success are logged.
    var isServerAway = false
  }

  /// A connection that nobody needed for this long is closed.
  private static let idleLimit: Duration = .seconds(300)

  public let name: String
  let configuration: PostgresConfiguration
  let logger: Logger
  let metrics: PoolMetrics
  let state = Mutex(State())
  let background: TaskPool

  /// Opens nothing yet.
  public init(
    configuration: PostgresConfiguration, logger: Logger = .discarding, metrics: MetricsRegistry = MetricsRegistry()
  ) {
    name = "postgres"
    self.configuration = configuration
    self.logger = logger
    self.metrics = PoolMetrics(metrics)
    background = TaskPool(name: "postgres")
    self.metrics.observe(self, in: metrics)
    // Without a reactor there are no connections either, and then `acquire` says so.
    if case .success(let reactor) = Reactor.shared { reactor.add(ticker: self) }
  }

  /// Callers who wait for a connection now.
  public var waiterCount: Int { state.withLock { $0.waiters.count } }

  /// Runs until the task is cancelled, then closes. A pool serves without this too.
  public func run() async throws {
    defer { close() }
    await Signal().wait()
  }

  /// Closes what is idle at once and the rest as it is given back; callers who wait get `unavailable`.
  public func close() {
    let (idle, waiters) = state.withLock { state in
      state.isClosed = true
      defer {
        state.total -= state.idle.count
        state.idle = []
      }
      return (state.idle.map(\.connection), state.waiters.removeAll())
    }
    background.cancelAll()
    for connection in idle { connection.close() }
    for waiter in waiters { waiter.resume(throwing: PostgresError(.unavailable, "the pool is closed")) }
  }

  /// Runs `statements` in one transaction of their own.
  ///
  /// Throws: `PostgresError.Code.unavailable` when nothing was sent, `.commitUnknown` when the connection was lost
  /// while the server had them.
  public func run(_ statements: [PostgresStatement]) async throws -> [PostgresResult] {
    guard let first = statements.first else { return [] }
    try await configuration.commitFault?(.before, first.query.name)
    let results = try await perform(statements, first: first)
    try await configuration.commitFault?(.after, first.query.name)
    return results
  }

  private func perform(
    _ statements: [PostgresStatement], first: PostgresStatement
  ) async throws -> [PostgresResult] {
    var batch = EncodedBatch()
    for statement in statements { try batch.append(statement) }
    let started = ContinuousClock.now
    var isRepeated = false
    while true {
      let connection = try await acquire()
      do {
        let results = try await connection.run(batch)
        release(connection)
        metrics.finished(first.query, since: started)
        return results.map(PostgresResult.init)
      } catch {
        release(connection)
        guard var failure = error as? PostgresError else { throw error }
        // Lost before it was sent, or prepared for tables that have changed: another connection can do it.
        let canRepeat = failure.isStalePlan || failure.code == .unavailable && !failure.wasInFlight
        if canRepeat, !isRepeated {
          isRepeated = true
          continue
        }
        if failure.wasInFlight, failure.code == .unavailable || failure.code == .timedOut {
          failure.code = .commitUnknown
        }
        metrics.failed(failure)
        throw failure
      }
    }
  }

  func tick(_ now: ContinuousClock.Instant) {
    let (late, resting) = state.withLock { state in
      let late = state.waiters.removeExpired(now)
      let resting = state.idle.filter { $0.since + PostgresPool.idleLimit < now }.map(\.connection)
      state.idle.removeAll { $0.since + PostgresPool.idleLimit < now }
      state.total -= resting.count
      return (late, resting)
    }
    for connection in resting { connection.close() }
    for waiter in late {
      waiter.resume(
        throwing: PostgresError(.timedOut, "no connection became free within \(configuration.acquireTimeout)"))
    }
  }
}

extension PostgresError {
  /// The statement was prepared for a table that has changed since, or is not prepared any more.
  var isStalePlan: Bool { sqlState == "0A000" || sqlState == "26000" }
}
