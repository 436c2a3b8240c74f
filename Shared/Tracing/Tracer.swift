import Core
import Glibc

/// Measures pieces of work as spans and hands ended ones to a sink.
public final class Tracer: Sendable {
  public let service: String
  private let sink: (any SpanSink)?

  /// - Parameters:
  ///   - service: The service's name, `service.name` of the exported resource.
  ///   - sink: Where spans go; without one only trace ids are kept, for logs and for the next process.
  public init(service: String, sink: (any SpanSink)? = nil) {
    self.service = service
    self.sink = sink
  }

  /// Runs `body` as a span.
  ///
  /// Its context is current meanwhile (for logs, and as the parent of spans within). An error that `body` throws becomes
  /// the span's status.
  ///
  /// - Parameter parent: What the span belongs to; by default the task's current context, else a new trace begins.
  public func span<Result>(
    _ name: String, kind: SpanKind = .internal, parent: TraceContext? = nil,
    attributes: KeyValuePairs<String, AttributeValue> = [:], isolation: isolated (any Actor)? = #isolation,
    _ body: (inout Span) async throws -> Result
  ) async rethrows -> Result {
    let parent = parent ?? TraceContext.current
    let context = parent?.child() ?? .random(sampled: sink != nil)
    var span = Span(context: context, isRecording: sink != nil && context.sampled)
    guard span.isRecording else {
      return try await context.withCurrent { try await body(&span) }
    }
    for (key, value) in attributes { span.setAttribute(key, value) }
    let start = SpanTime.now()
    do {
      let result = try await context.withCurrent { try await body(&span) }
      finish(span, name, kind, parent, start)
      return result
    } catch {
      span.setStatus(.error("\(error)"))
      finish(span, name, kind, parent, start)
      throw error
    }
  }

  private func finish(_ span: Span, _ name: String, _ kind: SpanKind, _ parent: TraceContext?, _ start: Int64) {
    sink?.record(
      SpanRecord(
        context: span.context, parentSpanID: parent?.spanID ?? 0, name: name, kind: kind,
        startNanosecondsSince1970: start, endNanosecondsSince1970: max(start, SpanTime.now()),
        attributes: span.attributes, events: span.events, status: span.status))
  }
}

enum SpanTime {
  /// Wall clock, in nanoseconds since 1970.
  static func now() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
