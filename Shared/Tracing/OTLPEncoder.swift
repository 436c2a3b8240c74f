import Core

/// Writes spans as OTLP/HTTP JSON, the body of `POST /v1/traces`.
///
/// Source: OpenTelemetry protocol specification, "JSON Protobuf Encoding": lowerCamelCase, hex ids, 64-bit integers as
/// strings, enums as integers.
public enum OTLPEncoder {
  /// - Parameter service: The resource's `service.name`.
  public static func encode(_ spans: [SpanRecord], service: String, version: String? = nil) -> [UInt8] {
    var resource: [(key: String, value: AttributeValue)] = [("service.name", .string(service))]
    if let version { resource.append(("service.version", .string(version))) }
    var output = Output()
    output.bytes.reserveCapacity(256 + spans.count * 384)
    output.text(#"{"resourceSpans":[{"resource":{"attributes":"#)
    output.attributes(resource)
    output.text(#"},"scopeSpans":[{"scope":{"name":"ringmaster"},"spans":["#)
    for (index, span) in spans.enumerated() {
      if index > 0 { output.text(",") }
      output.span(span)
    }
    output.text("]}]}]}")
    return output.bytes
  }

  private struct Output {
    var bytes: [UInt8] = []

    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }
    mutating func string(_ text: String) { JSONText.appendString(text, to: &bytes) }

    mutating func span(_ span: SpanRecord) {
      let parent = span.parentSpanID == 0 ? "" : TraceContext.hex(span.parentSpanID)
      text(#"{"traceId":"\#(span.context.traceIDText)","spanId":"\#(span.context.spanIDText)","#)
      text(#""parentSpanId":"\#(parent)","name":"#)
      string(span.name)
      text(#","kind":\#(span.kind.rawValue),"startTimeUnixNano":"\#(span.startNanosecondsSince1970)","#)
      text(#""endTimeUnixNano":"\#(span.endNanosecondsSince1970)","flags":\#(span.context.sampled ? 1 : 0)"#)
      if let state = span.context.state {
        text(#","traceState":"#)
        string(state)
      }
      if !span.attributes.isEmpty {
        text(#","attributes":"#)
        attributes(span.attributes)
      }
      if !span.events.isEmpty { events(span.events) }
      status(span.status)
      text("}")
    }

    mutating func attributes(_ attributes: [(key: String, value: AttributeValue)]) {
      text("[")
      for (index, attribute) in attributes.enumerated() {
        text(index > 0 ? #",{"key":"# : #"{"key":"#)
        string(attribute.key)
        text(#","value":{"#)
        value(attribute.value)
        text("}}")
      }
      text("]")
    }

    mutating func value(_ value: AttributeValue) {
      switch value {
      case .string(let value):
        text(#""stringValue":"#)
        string(value)
      case .integer(let value): text(#""intValue":"\#(value)""#)
      case .bool(let value): text(#""boolValue":\#(value)"#)
      case .number(let value) where value.isFinite:
        text(#""doubleValue":"#)
        JSONText.appendNumber(value, to: &bytes)
      case .number(let value):
        let name = value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"  // As protobuf's JSON writes them.
        text(#""doubleValue":"\#(name)""#)
      }
    }

    mutating func events(_ events: [SpanRecord.Event]) {
      text(#","events":["#)
      for (index, event) in events.enumerated() {
        text(#"\#(index > 0 ? "," : ""){"timeUnixNano":"\#(event.nanosecondsSince1970)","name":"#)
        string(event.name)
        text("}")
      }
      text("]")
    }

    mutating func status(_ status: SpanStatus) {
      switch status {
      case .unset: break
      case .ok: text(#","status":{"code":1}"#)
      case .error(let message):
        text(#","status":{"code":2,"message":"#)
        string(message)
        text("}")
      }
    }
  }
}
