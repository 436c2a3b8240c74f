import Core
import Metrics

/// What a consumer measures.
struct EventConsumerMetrics: Sendable {
  private let events: Counter.Series
  private let failures: Counter.Series
  private let lag: Gauge
  private let stalled: Gauge
  private let shares: Gauge.Series
  private let source: String
  private let consumer: String

  init(_ registry: MetricsRegistry, source: String, consumer: String) {
    self.source = source
    self.consumer = consumer
    events = registry.counter("events_consumed_total", "Events that took effect.", labels: ["source", "consumer"])
      .series(source, consumer)
    failures = registry.counter(
      "event_failures_total", "Batches whose handler failed, and reads.", labels: ["source", "consumer"]
    ).series(source, consumer)
    lag = registry.gauge(
      "event_lag_seconds", "Age of the last event taken while there are more; 0 when there are none.",
      labels: ["source", "consumer", "partition"])
    stalled = registry.gauge(
      "event_partition_stalled", "1 while an event that fails holds up its share.",
      labels: ["source", "consumer", "partition"])
    shares = registry.gauge("event_partitions_held", "Shares that this instance has.", labels: ["source", "consumer"])
      .series(source, consumer)
  }

  func taken(_ count: Int, _ partitions: [Int], _ last: Event, hasMore: Bool) {
    events.increment(by: Double(count))
    let age = hasMore ? last.recordedAt.duration(to: .wallClock()).inSeconds : 0
    for partition in partitions { lag.set(max(0, age), source, consumer, "\(partition)") }
  }

  func caughtUp(_ partition: Int) {
    lag.set(0, source, consumer, "\(partition)")
  }

  func failed() {
    failures.increment()
  }

  func stalled(_ partition: Int, _ isStalled: Bool) {
    stalled.set(isStalled ? 1 : 0, source, consumer, "\(partition)")
  }

  func held(_ count: Int) {
    shares.set(count)
  }
}
