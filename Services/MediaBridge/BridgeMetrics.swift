import Core
import Metrics
import Telephony

/// What the bridge counts. Labels come from closed lists.
struct BridgeMetrics: Sendable {
  let liveCalls: Gauge
  let liveSessions: Gauge
  let transitions: Counter
  let placements: Counter
  let strays: Counter
  let webhookTime: Histogram
  let webhooks: Counter
  let turnLatency: Histogram
  let framesToEngine: Counter.Series
  let framesToCarrier: Counter.Series
  let droppedEarly: Counter.Series
  let droppedLate: Counter.Series
  let droppedCut: Counter.Series
  let invalidMessages: Counter

  init(_ registry: MetricsRegistry) {
    liveCalls = registry.gauge("media_calls", "Calls that are not over, of all instances, by state.", labels: ["state"])
    liveSessions = registry.gauge("media_sessions", "Calls that this instance has an agent for.")
    transitions = registry.counter("media_call_states_total", "Calls that reached a state here.", labels: ["state"])
    placements = registry.counter(
      "media_placements_total", "Answers of the provider to requests for a call.", labels: ["answer"])
    strays = registry.counter("media_stray_calls_total", "Calls at the provider that should not be; they are hung up.")
    webhookTime = registry.histogram(
      "media_webhook_seconds", "From a callback's arrival to its answer.", labels: ["kind"],
      buckets: Histogram.latencyBuckets)
    webhooks = registry.counter("media_webhooks_total", "Callbacks by what came of them.", labels: ["kind", "result"])
    turnLatency = registry.histogram(
      "media_turn_latency_seconds", "From the end of the person's turn to the agent's first sound, in call time.",
      buckets: Histogram.latencyBuckets)
    let frames = registry.counter("media_frames_total", "Audio messages relayed.", labels: ["to"])
    framesToEngine = frames.series("engine")
    framesToCarrier = frames.series("carrier")
    let dropped = registry.counter(
      "media_frames_dropped_total",
      "Audio messages not relayed: before the engine listens, too late, or of what was interrupted.", labels: ["why"])
    droppedEarly = dropped.series("early")
    droppedLate = dropped.series("late")
    droppedCut = dropped.series("cut")
    invalidMessages = registry.counter("media_stream_invalid_total", "Stream messages that are not the provider's.")
    // Every state is there from the start, so that its absence means something.
    for state in CallState.allCases where !state.isTerminal { liveCalls.set(0, state.rawValue) }
  }

  /// Counts live calls anew.
  func set(_ counts: [CallState: Int]) {
    for state in CallState.allCases where !state.isTerminal { liveCalls.set(counts[state] ?? 0, state.rawValue) }
  }
}
