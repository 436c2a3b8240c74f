import Metrics
import Testing

@Suite struct MetricsRegistryTests {
  let metrics = MetricsRegistry()

  private func lines(of name: String) -> [String] {
    metrics.render().split(separator: "\n").map(String.init).filter { $0.contains(name) }
  }

  @Test func countersRenderWithTheirLabels() {
    let calls = metrics.counter("calls_total", "Calls by outcome", labels: ["outcome"])
    calls.increment("answered")
    calls.increment(by: 11, "answered")
    calls.series("busy").increment(by: 0.5)
    #expect(
      lines(of: "calls_total") == [
        "# HELP ringmaster_calls_total Calls by outcome",
        "# TYPE ringmaster_calls_total counter",
        #"ringmaster_calls_total{outcome="answered"} 12"#,
        #"ringmaster_calls_total{outcome="busy"} 0.5"#,
      ])
    #expect(calls.value("answered") == 12)
  }

  @Test func seriesWithoutLabelsAreSeenFromTheStart() {
    _ = metrics.counter("ringmaster_drops_total", "Drops")
    #expect(lines(of: "drops_total").last == "ringmaster_drops_total 0")
  }

  @Test func gaugesGoUpAndDown() {
    let gauge = metrics.gauge("in_flight", "In flight")
    gauge.increment()
    gauge.increment()
    gauge.decrement()
    #expect(gauge.value() == 1)
    gauge.set(-2.5)
    #expect(lines(of: "in_flight").last == "ringmaster_in_flight -2.5")
    metrics.gauge("pool_size", "Size", labels: ["pool": "a"]) { .infinity }
    metrics.gauge("pool_size", "Size", labels: ["pool": "b"]) { 1 }
    metrics.gauge("pool_size", "Size", labels: ["pool": "b"]) { .nan }
    #expect(
      lines(of: "pool_size").suffix(2) == [
        #"ringmaster_pool_size{pool="a"} +Inf"#, #"ringmaster_pool_size{pool="b"} NaN"#,
      ])
  }

  @Test func histogramBucketsAreCumulative() {
    let latency = metrics.histogram("turn_seconds", "Turns", labels: ["m"], buckets: [0.5, 1])
    for value in [0.1, 0.5, 0.7, 3] { latency.observe(value, "x") }
    latency.observe(.milliseconds(900), "x")
    #expect(
      lines(of: "turn_seconds") == [
        "# HELP ringmaster_turn_seconds Turns",
        "# TYPE ringmaster_turn_seconds histogram",
        #"ringmaster_turn_seconds_bucket{m="x",le="0.5"} 2"#,
        #"ringmaster_turn_seconds_bucket{m="x",le="1"} 4"#,
        #"ringmaster_turn_seconds_bucket{m="x",le="+Inf"} 5"#,
        #"ringmaster_turn_seconds_sum{m="x"} 5.2"#,
        #"ringmaster_turn_seconds_count{m="x"} 5"#,
      ])
    #expect(latency.count("x") == 5)
  }

  @Test func labelValuesAndHelpAreEscaped() {
    metrics.counter("odd_total", "a\\b\n\"c\"", labels: ["l"]).increment("a\\b\n\"c\"")
    #expect(
      lines(of: "odd_total") == [
        #"# HELP ringmaster_odd_total a\\b\n"c""#, "# TYPE ringmaster_odd_total counter",
        #"ringmaster_odd_total{l="a\\b\n\"c\""} 1"#,
      ])
  }

  @Test func theNumberOfSeriesIsBounded() {
    let counter = metrics.counter("wild_total", "Wild", labels: ["id"])
    for index in 0..<1_500 { counter.increment("\(index)") }
    #expect(lines(of: "wild_total{").count == 1_001)
    #expect(counter.value("other") == 500)
  }

  @Test func askingAgainGivesTheSameMetric() {
    metrics.counter("same_total", "Same").increment()
    metrics.counter("same_total", "Same").increment()
    #expect(metrics.counter("same_total", "Same").value() == 2)
  }

  @Test func concurrentIncrementsAreAllCounted() async {
    let counter = metrics.counter("busy_total", "Busy")
    let histogram = metrics.histogram("busy_seconds", "Busy")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 {
            counter.increment()
            histogram.observe(0.001)
          }
        }
      }
    }
    #expect(counter.value() == 8_000 && histogram.count() == 8_000)
  }

  @Test(arguments: [
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
    "process_start_time_seconds", "process_open_fds", "process_max_fds",
  ])
  func theProcessIsMeasured(name: String) throws {
    let sample = try #require(lines(of: name).last?.split(separator: " ").last)
    #expect(try #require(Double(sample)) > 0)
    #expect(metrics.render().hasSuffix("\n"))
  }
}
