import Core
import Metrics
import Synchronization

/// What a client counts. Series are looked up once for each method and code, because names are long to hash.
final class ClientMetrics: Sendable {
  /// One method's series.
  final class Method: Sendable {
    private let calls: Counter
    private let name: String
    private let latency: Histogram.Series
    private let byCode = Mutex<[Counter.Series?]>(Array(repeating: nil, count: RPCCode.allCases.count))

    init(_ name: String, calls: Counter, latency: Histogram) {
      self.name = name
      self.calls = calls
      self.latency = latency.series(name)
    }

    func ended(_ code: RPCCode, nanoseconds: UInt64) {
      latency.observe(Double(nanoseconds) / 1e9)
      let series = byCode.withLock { byCode -> Counter.Series in
        if let series = byCode[code.rawValue] { return series }
        let series = calls.series(name, code.description)
        byCode[code.rawValue] = series
        return series
      }
      series.increment()
    }
  }

  let batchCalls: Histogram.Series
  let connectionsLost: Counter
  let keepaliveFailures: Counter
  let retries: Counter
  private let calls: Counter
  private let latency: Histogram
  private let methods = Mutex<[String: Method]>([:])

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

  func method(_ name: String) -> Method {
    methods.withLock { methods in
      if let method = methods[name] { return method }
      let method = Method(name, calls: calls, latency: latency)
      methods[name] = method
      return method
    }
  }
}

/// Calls or results in one message.
let batchSizeBuckets: [Double] = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
