import Metrics
import Synchronization

/// What a pool measures.
final class PoolMetrics: Sendable {
  private let queries: Histogram
  /// The series of each query that ran, so that none is looked up by its label every time.
  private let series = Mutex<[UInt64: Histogram.Series]>([:])
  private let errors: Counter
  private let waits: Histogram.Series
  private let connectFailures: Counter.Series
  private let retries: Counter

  init(_ registry: MetricsRegistry) {
    queries = registry.histogram(
      "postgres_query_seconds", "Time from sending a query to having its result.", labels: ["query"])
    errors = registry.counter("postgres_errors_total", "Queries that failed.", labels: ["query", "code"])
    waits = registry.histogram(
      "postgres_acquire_seconds", "Time a caller waited for a connection that was not idle."
    ).series()
    connectFailures = registry.counter("postgres_connect_failures_total", "Attempts to connect that failed.").series()
    retries = registry.counter(
      "postgres_transaction_retries_total", "Transactions begun again.", labels: ["transaction", "reason"])
  }

  /// Shows how many connections `pool` has and how many callers wait for one.
  func observe(_ pool: PostgresPool, in registry: MetricsRegistry) {
    let label = pool.configuration.schema ?? pool.configuration.applicationName
    registry.gauge("postgres_connections", "Connections open or opening.", labels: ["pool": label]) { [weak pool] in
      Double(pool?.state.withLock { $0.total } ?? 0)
    }
    registry.gauge("postgres_connections_idle", "Connections at rest.", labels: ["pool": label]) { [weak pool] in
      Double(pool?.state.withLock { $0.idle.count } ?? 0)
    }
    registry.gauge("postgres_waiters", "Callers who wait for a connection.", labels: ["pool": label]) { [weak pool] in
      Double(pool?.state.withLock { $0.waiters.count } ?? 0)
    }
  }

  func finished(_ query: NamedQuery, since start: ContinuousClock.Instant) {
    let known = series.withLock { $0[query.fingerprint] }
    let series = known ?? queries.series(query.name)
    if known == nil { self.series.withLock { $0[query.fingerprint] = series } }
    series.observe(start.duration(to: .now))
  }

  func failed(_ error: PostgresError) {
    errors.increment(error.queryName ?? "", error.code.description)
  }

  func waited(since start: ContinuousClock.Instant) {
    waits.observe(start.duration(to: .now))
  }

  func connectFailed() {
    connectFailures.increment()
  }

  func retried(_ transaction: StaticString, _ reason: PostgresError.Code) {
    retries.increment("\(transaction)", reason.description)
  }
}
