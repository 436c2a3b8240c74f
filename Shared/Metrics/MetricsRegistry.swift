import Synchronization

/// The metrics of a process, and their text for Prometheus.
///
/// Asking again for a metric that exists gives the same one; asking for it as another type or with other labels is a
/// programmer's error and traps. Names are prefixed with `ringmaster_`. Labels have bounded sets of values: never phone
/// numbers or ids.
public final class MetricsRegistry: Sendable {
  enum Family: Sendable {
    case counter(MetricFamily<AtomicNumber>)
    case gauge(MetricFamily<AtomicNumber>)
    case histogram(MetricFamily<HistogramCell>)
    case callback(CallbackFamily)
  }

  static let prefix = "ringmaster_"

  private let families = Mutex<[String: Family]>([:])
  private let process = ProcessMetrics()

  public init() {}

  public func counter(_ name: String, _ help: String, labels: [String] = []) -> Counter {
    let name = fullName(name, labels)
    let family = families.withLock { families -> MetricFamily<AtomicNumber> in
      if case .counter(let family)? = families[name], family.labelNames == labels { return family }
      precondition(families[name] == nil, "metric \(name) is declared twice and differently")
      let family = MetricFamily(name: name, help: help, labelNames: labels) { AtomicNumber() }
      families[name] = .counter(family)
      return family
    }
    return Counter(family: family)
  }

  public func gauge(_ name: String, _ help: String, labels: [String] = []) -> Gauge {
    let name = fullName(name, labels)
    let family = families.withLock { families -> MetricFamily<AtomicNumber> in
      if case .gauge(let family)? = families[name], family.labelNames == labels { return family }
      precondition(families[name] == nil, "metric \(name) is declared twice and differently")
      let family = MetricFamily(name: name, help: help, labelNames: labels) { AtomicNumber() }
      families[name] = .gauge(family)
      return family
    }
    return Gauge(family: family)
  }

  /// A gauge that is read when somebody looks.
  ///
  /// - Parameters:
  ///   - labels: The names and fixed values of this reading's labels. The same set again replaces the reading.
  ///   - read: Called on the scraper's task; must not block.
  public func gauge(
    _ name: String, _ help: String, labels: KeyValuePairs<String, String> = [:], read: @escaping @Sendable () -> Double
  ) {
    let names = labels.map(\.key)
    let name = fullName(name, names)
    let family = families.withLock { families -> CallbackFamily in
      if case .callback(let family)? = families[name], family.labelNames == names { return family }
      precondition(families[name] == nil, "metric \(name) is declared twice and differently")
      let family = CallbackFamily(name: name, help: help, labelNames: names)
      families[name] = .callback(family)
      return family
    }
    family.set(labels.map(\.value), read)
  }

  /// - Parameter buckets: Upper bounds, ascending, without infinity.
  public func histogram(
    _ name: String, _ help: String, labels: [String] = [], buckets: [Double] = Histogram.latencyBuckets
  ) -> Histogram {
    precondition(zip(buckets, buckets.dropFirst()).allSatisfy(<), "buckets ascend")
    precondition(!labels.contains("le"), "le is the buckets' own label")
    let name = fullName(name, labels)
    let family = families.withLock { families -> MetricFamily<HistogramCell> in
      if case .histogram(let family)? = families[name], family.labelNames == labels { return family }
      precondition(families[name] == nil, "metric \(name) is declared twice and differently")
      let family = MetricFamily(name: name, help: help, labelNames: labels) { HistogramCell(bounds: buckets) }
      families[name] = .histogram(family)
      return family
    }
    return Histogram(family: family)
  }

  /// Prometheus text exposition format 0.0.4, with the process's own metrics (`process_*`).
  public func render() -> String {
    var text = PrometheusText()
    for (_, family) in families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { text.append(family) }
    process.append(to: &text)
    return text.text
  }

  private func fullName(_ name: String, _ labels: [String]) -> String {
    let full = name.hasPrefix(MetricsRegistry.prefix) ? name : MetricsRegistry.prefix + name
    precondition(PrometheusText.isName(full), "\(full) is no metric name")
    for label in labels {
      precondition(PrometheusText.isName(label) && !label.contains(":"), "\(label) is no label name")
    }
    return full
  }
}

/// The series of one name that are read when somebody looks.
final class CallbackFamily: Sendable {
  let name: String
  let help: String
  let labelNames: [String]
  private let readings = Mutex<[[String]: @Sendable () -> Double]>([:])

  init(name: String, help: String, labelNames: [String]) {
    self.name = name
    self.help = help
    self.labelNames = labelNames
  }

  func set(_ values: [String], _ read: @escaping @Sendable () -> Double) {
    readings.withLock { $0[values] = read }
  }

  var series: [(values: [String], value: Double)] {
    readings.withLock { $0 }.map { (values: $0.key, value: $0.value()) }
      .sorted { $0.values.lexicographicallyPrecedes($1.values) }
  }
}
