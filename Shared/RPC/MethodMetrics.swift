import Metrics
import Synchronization

/// One method's series, of a client or of a server. Looked up once for each code, because names are long to hash.
final class MethodMetrics: Sendable {
  private let name: String
  private let calls: Counter
  private let latency: Histogram.Series
  private let byCode = Mutex<[Counter.Series?]>(Array(repeating: nil, count: RPCCode.allCases.count))

  init(_ name: String, calls: Counter, latency: Histogram) {
    self.name = name
    self.calls = calls
    self.latency = latency.series(name)
  }

  func ended(_ code: RPCCode, nanoseconds: UInt64) {
    latency.observe(Double(nanoseconds) / 1e9)
    count(code)
  }

  /// Counts a call that took no time.
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
