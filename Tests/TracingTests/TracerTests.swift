import Core
import Synchronization
import Testing

@testable import Tracing

@Suite struct TracerTests {
  final class Sink: SpanSink {
    let records = Mutex<[SpanRecord]>([])
    func record(_ span: SpanRecord) { records.withLock { $0.append(span) } }
  }

  struct Failure: Error {}

  @Test func spansNestAndCarryTheirContext() async throws {
    let sink = Sink()
    let tracer = Tracer(service: "s", sink: sink)
    let outer = await tracer.span("outer", kind: .server, attributes: ["k": 1]) { outer in
      outer.setAttribute("k", 2)
      outer.addEvent("began")
      let context = outer.context
      await tracer.span("inner") { inner in
        #expect(inner.context.traceIDText == context.traceIDText)
        #expect(TraceContext.current == inner.context)
        #expect(TraceIdentity.current?.spanID == inner.context.spanIDText)
      }
      return context
    }
    let records = sink.records.withLock { $0 }
    #expect(records.map(\.name) == ["inner", "outer"])
    #expect(records[0].parentSpanID == outer.spanID && records[1].parentSpanID == 0)
    #expect(records[1].attributes.map(\.value) == [.integer(2)] && records[1].events.count == 1)
    #expect(records[1].endNanosecondsSince1970 >= records[1].startNanosecondsSince1970)
    #expect(TraceContext.current == nil)
  }

  @Test func errorsBecomeTheStatus() async {
    let sink = Sink()
    await #expect(throws: Failure.self) {
      try await Tracer(service: "s", sink: sink).span("x") { (_: inout Span) -> Void in throw Failure() }
    }
    #expect(sink.records.withLock { $0.first?.status } == .error("Failure()"))
  }

  @Test func unsampledAndUnobservedSpansAreNotRecorded() async throws {
    let sink = Sink()
    let parent = TraceContext.random(sampled: false)
    let context = await Tracer(service: "s", sink: sink).span("x", parent: parent) { $0.context }
    #expect(context.traceIDText == parent.traceIDText && !context.sampled)
    #expect(sink.records.withLock { $0.isEmpty })
    let alone = await Tracer(service: "s").span("x") { ($0.context, $0.isRecording) }
    #expect(!alone.1 && !alone.0.sampled)
  }

  @Test func encodesAsTheSpecificationShows() throws {
    let context = try #require(
      TraceContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
    let span = SpanRecord(
      context: context, parentSpanID: 0, name: "turn", kind: .internal,
      startNanosecondsSince1970: 1_767_225_600_000_000_000, endNanosecondsSince1970: 1_767_225_600_500_000_000,
      attributes: [("turn", 3), ("ok", true), ("x", 1.5), ("s", "a\"b"), ("bad", .number(.nan))],
      events: [.init(name: "barge_in", nanosecondsSince1970: 1_767_225_600_100_000_000)], status: .error("no"))
    #expect(
      String(decoding: OTLPEncoder.encode([span], service: "media-bridge"), as: UTF8.self) == #"""
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"media-bridge"}}]},\#
        "scopeSpans":[{"scope":{"name":"ringmaster"},"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736",\#
        "spanId":"00f067aa0ba902b7","parentSpanId":"","name":"turn","kind":1,\#
        "startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225600500000000","flags":1,\#
        "attributes":[{"key":"turn","value":{"intValue":"3"}},{"key":"ok","value":{"boolValue":true}},\#
        {"key":"x","value":{"doubleValue":1.5}},{"key":"s","value":{"stringValue":"a\"b"}},\#
        {"key":"bad","value":{"doubleValue":"NaN"}}],\#
        "events":[{"timeUnixNano":"1767225600100000000","name":"barge_in"}],"status":{"code":2,"message":"no"}}]}]}]}
        """#)
  }
}
