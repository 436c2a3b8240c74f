import Metrics
import Synchronization

/// What a server counts.
final class ServerMetrics: Sendable {
  /// One method's series.
  final class Method: Sendable {
    private let name: String
    private let calls: Counter
    private let latency: Histogram.Series
    private let byCode = Mutex<[Counter.Series?]>(Array(repeating: nil, count: RPCCode.allCases.count))

    fileprivate init(_ name: String, calls: Counter, latency: Histogram) {
      self.name = name
      self.calls = calls
      self.latency = latency.series(name)
    }

    func ended(_ code: RPCCode, nanoseconds: UInt64) {
      latency.observe(Double(nanoseconds) / 1e9)
      count(code)
    }

    func count(_ code: RPCCode) {
      let series = byCode.withLock { byCode -> Counter.Series in
        if let series = byCode[code.rawValue] { return series }
        let series = calls.series(name, code.description)
        byCode[code.rawValue] = series
        return series
      }
      series.increment()
    }
  }

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

  func method(_ name: String) -> Method {
    Method(name, calls: calls, latency: latency)
  }
}
