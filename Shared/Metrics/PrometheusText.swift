/// Builds the text exposition format 0.0.4.
///
/// Source: Prometheus documentation, "Exposition formats".
struct PrometheusText {
  private(set) var text = ""

  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
    }
  }

  mutating func append(_ family: MetricsRegistry.Family) {
    switch family {
    case .counter(let family):
      header(family.name, "counter", family.help)
      for (values, cell) in family.series { sample(family.name, cell.value, family.labelNames, values) }
    case .gauge(let family):
      header(family.name, "gauge", family.help)
      for (values, cell) in family.series { sample(family.name, cell.value, family.labelNames, values) }
    case .callback(let family):
      header(family.name, "gauge", family.help)
      for (values, value) in family.series { sample(family.name, value, family.labelNames, values) }
    case .histogram(let family):
      header(family.name, "histogram", family.help)
      for (values, cell) in family.series { append(cell, family, values) }
    }
  }

  mutating func header(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(escape(help, quotes: false))\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ value: Double, _ labels: [String] = [], _ values: [String] = []) {
    text += name
    if !labels.isEmpty {
      let pairs = zip(labels, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(number(value))\n"
  }

  private mutating func append(_ cell: HistogramCell, _ family: MetricFamily<HistogramCell>, _ values: [String]) {
    let snapshot = cell.snapshot
    var cumulative = 0
    for (bound, count) in zip(cell.bounds + [.infinity], snapshot.counts) {
      cumulative += count
      sample(family.name + "_bucket", Double(cumulative), family.labelNames + ["le"], values + [number(bound)])
    }
    sample(family.name + "_sum", snapshot.sum, family.labelNames, values)
    sample(family.name + "_count", Double(cumulative), family.labelNames, values)
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), abs(value) < 0x1p53 { return "\(whole)" }
    return "\(value)"
  }

  private func escape(_ text: String, quotes: Bool) -> String {
    guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
