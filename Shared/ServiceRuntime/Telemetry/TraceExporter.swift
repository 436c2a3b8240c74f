import Core
import HTTP
import JSON
import Lifecycle
import Logging
import Metrics
import Synchronization
import Tracing

/// Sends spans to an OpenTelemetry collector in batches (OTLP/HTTP, JSON).
///
/// Never makes the service wait: what comes faster than the collector takes it is dropped and counted.
final class TraceExporter: LifecycleService, SpanSink {
  struct Limits: Sendable {
    /// Spans that wait to be sent.
    var queue = 8_192
    /// Spans in one request.
    var batch = 512
    /// How long the first span of a batch waits for others.
    var linger: Duration = .seconds(1)
    /// The collector's 429, 502, 503 and 504, and failures to reach it, are tried again this often.
    var attempts = 4
  }

  let name = "trace-exporter"
  private let url: String
  private let service: String
  private let limits: Limits
  private let client: HTTPClient
  private let logger: Logger
  private let exported: Counter
  private let dropped: Counter
  private let queue: BoundedQueue<SpanRecord>
  /// Closed when the exporter shall end: cuts the lingering short.
  private let stop = BoundedQueue<Never>(capacity: 1)
  /// Closed when everything was sent.
  private let sent = BoundedQueue<Never>(capacity: 1)
  /// Whether the last batch failed: the first failure and the first success after it are logged.
  private let isFailing = Mutex(false)

  init(
    url: String, service: String, limits: Limits = Limits(), client: HTTPClient, logger: Logger,
    metrics: MetricsRegistry
  ) {
    self.url = url
    self.service = service
    self.limits = limits
    self.client = client
    self.logger = logger
    queue = BoundedQueue(capacity: limits.queue)
    exported = metrics.counter("trace_spans_exported_total", "Spans that the collector took.")
    dropped = metrics.counter(
      "trace_spans_dropped_total", "Spans that were lost: the queue was full, or the collector failed or refused.",
      labels: ["reason"])
  }

  func record(_ span: SpanRecord) {
    if !queue.offer(span) { dropped.increment("queue_full") }
  }

  func run() async throws {
    defer {
      sent.close()
      client.close()
    }
    while let first = try await queue.next() {
      try await linger()
      var batch = [first]
      while batch.count < limits.batch, let span = queue.poll() { batch.append(span) }
      try await send(batch)
    }
  }

  /// Sends what is left.
  func drain() async {
    queue.close()
    stop.close()
    _ = try? await sent.next()  // Cancelled: its time is up.
  }

  private func linger() async throws {
    if queue.count + 1 >= limits.batch { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [limits] in try? await Task.sleep(for: limits.linger) }
      group.addTask { [stop] in _ = try? await stop.next() }
      await group.next()
      group.cancelAll()
    }
    try Task.checkCancellation()
  }

  private func send(_ batch: [SpanRecord]) async throws {
    let request = HTTPClientRequest(
      method: .post, url: url, headers: ["Content-Type": "application/json"],
      body: OTLPEncoder.encode(batch, service: service), timeout: .seconds(10),
      retries: RetryPolicy(attempts: limits.attempts, includesUnsafeMethods: true))
    do {
      let response = try await client.send(request)
      guard response.status.code == 200 else {
        drop(batch.count, "refused", "status \(response.status.code)")
        return
      }
      let rejected = TraceExporter.rejectedSpans(response.body)
      exported.increment(by: max(0, batch.count - rejected))
      if rejected > 0 { drop(rejected, "refused", "partial success") } else { succeed() }
    } catch let error as HTTPClientError {
      try Task.checkCancellation()
      drop(batch.count, "unreachable", error.message)
    }
  }

  /// `partialSuccess.rejectedSpans`, which JSON protobuf writes as a string.
  static func rejectedSpans(_ body: [UInt8]) -> Int {
    guard let rejected = try? JSONValue.parse(body)["partialSuccess"]?["rejectedSpans"] else { return 0 }
    return rejected.intValue ?? rejected.stringValue.flatMap { Int($0) } ?? 0
  }

  private func drop(_ count: Int, _ reason: String, _ detail: String) {
    dropped.increment(by: count, reason)
    let isNew = isFailing.withLock { isFailing in
      defer { isFailing = true }
      return !isFailing
    }
    if isNew { logger.warning("traces are lost", [LogField("collector", url), LogField("problem", detail)]) }
  }

  private func succeed() {
    let wasFailing = isFailing.withLock { isFailing in
      defer { isFailing = false }
      return isFailing
    }
    if wasFailing { logger.info("traces are exported again", [LogField("collector", url)]) }
  }
}
