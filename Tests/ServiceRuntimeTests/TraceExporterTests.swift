import Core
import HTTP
import JSON
import Logging
import Metrics
import Synchronization
import Testing
import Tracing

@testable import ServiceRuntime

@Suite struct TraceExporterTests {
  /// Answers with the statuses given, the last one again and again.
  final class Collector: Sendable {
    let requests = BoundedQueue<JSONValue>(capacity: 1_000)
    private let answers: Mutex<[HTTPResponse]>

    init(_ answers: [HTTPResponse]) {
      self.answers = Mutex(answers)
    }

    var router: Router {
      var router = Router()
      router.on(.post, "/v1/traces") { [self] request in
        let body = try await request.body.collect(upTo: 1 << 20)
        _ = requests.offer(try JSONValue.parse(body))
        return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
      }
      return router
    }
  }

  let metrics = MetricsRegistry()
  let sink = CapturingSink()

  /// Exports three spans to a collector and returns what it received.
  private func export(_ answers: [HTTPResponse], spans: Int = 3) async throws -> [JSONValue] {
    let collector = Collector(answers)
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: collector.router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    let exporter = exporter(port: server.port)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let tracer = Tracer(service: "test", sink: exporter)
      for index in 0..<spans { await tracer.span("span-\(index)") { _ in } }
      group.addTask { try await exporter.run() }
      await exporter.drain()
      await server.drain()
      try await group.waitForAll()
    }
    collector.requests.close()
    var received: [JSONValue] = []
    while let request = try await collector.requests.next() { received.append(request) }
    return received
  }

  private func exporter(port: Int, limits: TraceExporter.Limits = TraceExporter.Limits()) -> TraceExporter {
    TraceExporter(
      url: "http://127.0.0.1:\(port)/v1/traces", service: "test", limits: limits, client: HTTPClient(),
      logger: Logger(label: "test", sink: sink), metrics: metrics)
  }

  private func count(_ name: String, _ label: String = "") -> Double {
    label.isEmpty
      ? metrics.counter(name, "Spans that the collector took.").value()
      : metrics.counter(name, "", labels: ["reason"]).value(label)
  }

  @Test func whatIsRecordedBeforeTheEndIsSentInOneBatch() async throws {
    let received = try await export([.json([:])])
    #expect(received.count == 1)
    let spans = received[0]["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]?.arrayValue
    #expect(spans?.compactMap { $0["name"]?.stringValue } == ["span-0", "span-1", "span-2"])
    #expect(count("trace_spans_exported_total") == 3)
  }

  @Test func aBusyCollectorIsAskedAgain() async throws {
    let busy = HTTPResponse(status: .serviceUnavailable, headers: ["Retry-After": "0"])
    #expect(try await export([busy, .json([:])]).count == 2)
    #expect(count("trace_spans_exported_total") == 3)
  }

  @Test func aRefusedBatchIsDroppedAtOnceAndSaid() async throws {
    #expect(try await export([.empty(.badRequest)]).count == 1)
    #expect(count("trace_spans_dropped_total", "refused") == 3)
    #expect(sink.lines.contains { $0.contains("traces are lost") })
  }

  @Test func spansRejectedInPartAreCounted() async throws {
    _ = try await export([.json(["partialSuccess": ["rejectedSpans": "2", "errorMessage": "no"]])])
    #expect(count("trace_spans_dropped_total", "refused") == 2)
    #expect(count("trace_spans_exported_total") == 1)
  }

  @Test func aCollectorThatIsNotThereCostsSpansOnly() async throws {
    var limits = TraceExporter.Limits()
    limits.attempts = 1
    limits.queue = 2
    // Port 9 of this host, "discard": nobody listens.
    let exporter = exporter(port: 9, limits: limits)
    let tracer = Tracer(service: "test", sink: exporter)
    for _ in 0..<5 { await tracer.span("span") { _ in } }
    #expect(count("trace_spans_dropped_total", "queue_full") == 3)
    await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await exporter.run() }
      await exporter.drain()
    }
    #expect(count("trace_spans_dropped_total", "unreachable") == 2)
  }
}
