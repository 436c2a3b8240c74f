import Core
import Metrics
import Synchronization

/// What a client counts.
final class ClientMetrics: Sendable {
  let batchCalls: Histogram.Series
  let connectionsLost: Counter
  let keepaliveFailures: Counter
  let retries: Counter
  private let calls: Counter
  private let latency: Histogram
  private let methods = Mutex<[String: MethodMetrics]>([:])

  init(_ registry: MetricsRegistry) {
    calls = registry.counter(
      "rpc_client_calls_total", "Calls made, by method and result, all attempts as one.", labels: ["method", "code"])
    latency = registry.histogram(
      "rpc_client_call_seconds", "How long calls took, all attempts together.", labels: ["method"])
    batchCalls = registry.histogram(
      "rpc_client_batch_calls", "Calls in one message.", buckets: batchSizeBuckets
    ).series()
    connectionsLost = registry.counter("rpc_client_connections_lost_total", "Connections that ended.")
    keepaliveFailures = registry.counter(
      "rpc_client_keepalive_failures_total", "Connections closed because the server did not answer a probe.")
    retries = registry.counter(
      "rpc_client_retries_total", "Attempts after the first of a call, by method.", labels: ["method"])
  }

  func method(_ name: String) -> MethodMetrics {
    methods.withLock { methods in
      if let method = methods[name] { return method }
      let method = MethodMetrics(name, calls: calls, latency: latency)
      methods[name] = method
      return method
    }
  }
}

/// Calls or results in one message.
let batchSizeBuckets: [Double] = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
