import Core
import Metrics
import Synchronization

/// Counts requests by route pattern and status. Patterns, not paths, so that the number of series stays bounded.
final class ServerMetrics: Sendable {
  /// The series of one route, found once.
  final class Route: Sendable {
    private let server: String
    private let method: String
    private let pattern: String
    private let requests: Counter
    private let seconds: Histogram.Series
    private let byStatus = Mutex<[Int: Counter.Series]>([:])

    init(server: String, method: String, pattern: String, requests: Counter, seconds: Histogram) {
      self.server = server
      self.method = method
      self.pattern = pattern
      self.requests = requests
      self.seconds = seconds.series(server, pattern)
    }

    func record(_ status: HTTPStatus, _ duration: Duration) {
      let series = byStatus.withLock { series in
        if let known = series[status.code] {
          return known
        }
        let new = requests.series(server, method, pattern, String(status.code))
        series[status.code] = new
        return new
      }
      series.increment()
      seconds.observe(duration)
    }
  }

  let routes: [Route]
  /// Requests that no route takes.
  let unmatched: Route
  let connections: Gauge.Series
  let refusedConnections: Counter.Series

  init(server: String, router: Router, registry: MetricsRegistry) {
    let requests = registry.counter(
      "http_server_requests_total", "Requests answered, by route and status.",
      labels: ["server", "method", "route", "status"])
    let seconds = registry.histogram(
      "http_server_request_seconds", "From a request's complete header to its response's last byte.",
      labels: ["server", "route"])
    routes = router.routes.map {
      Route(
        server: server, method: $0.method.rawValue, pattern: $0.pattern, requests: requests, seconds: seconds)
    }
    unmatched = Route(server: server, method: "", pattern: "", requests: requests, seconds: seconds)
    connections = registry.gauge("http_server_connections", "Open connections.", labels: ["server"]).series(server)
    refusedConnections = registry.counter(
      "http_server_connections_refused_total", "Connections closed at once because the limit was reached.",
      labels: ["server"]
    ).series(server)
  }
}
