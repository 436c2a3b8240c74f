import Metrics

/// What a server counts.
final class ServerMetrics: Sendable {
  let batchResults: Histogram.Series
  let peers: Gauge.Series
  let malformed: Counter.Series
  private let calls: Counter
  private let latency: Histogram

  init(_ registry: MetricsRegistry) {
    calls = registry.counter(
      "rpc_server_calls_total", "Calls answered, by method and result.", labels: ["method", "code"])
    latency = registry.histogram(
      "rpc_server_call_seconds", "From the arrival of a call to its result.", labels: ["method"])
    batchResults = registry.histogram(
      "rpc_server_batch_results", "Results in one message.", buckets: batchSizeBuckets
    ).series()
    peers = registry.gauge("rpc_server_connections", "Clients connected.").series()
    malformed = registry.counter(
      "rpc_server_malformed_total", "Connections closed because of a message that could not be decoded."
    ).series()
  }

  func method(_ name: String) -> MethodMetrics {
    MethodMetrics(name, calls: calls, latency: latency)
  }
}
