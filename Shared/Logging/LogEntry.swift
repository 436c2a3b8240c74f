import Core

/// One line before it is written.
struct LogEntry {
  var time: Instant
  var level: LogLevel
  var label: String
  var message: String
  var fields: [LogField]
  var trace: (traceID: String, spanID: String)?

  /// The line with its line end.
  func line(_ format: LogFormat) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    switch format {
    case .json: appendJSON(to: &bytes)
    case .human: appendText(to: &bytes)
    }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "{\"time\":\"".utf8)
    time.appendRFC3339(to: &bytes)
    bytes.append(contentsOf: "\",\"level\":\"".utf8)
    bytes.append(contentsOf: level.rawValue.utf8)
    bytes.append(contentsOf: "\",\"service\":".utf8)
    JSONText.appendString(label, to: &bytes)
    bytes.append(contentsOf: ",\"message\":".utf8)
    JSONText.appendString(message, to: &bytes)
    for field in fields {
      bytes.append(UInt8(ascii: ","))
      JSONText.appendString(field.key, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      switch field.value {
      case .string(let value): JSONText.appendString(value, to: &bytes)
      case .integer(let value): JSONText.appendInteger(value, to: &bytes)
      case .number(let value): JSONText.appendNumber(value, to: &bytes)
      case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
      }
    }
    if let trace {
      bytes.append(contentsOf: ",\"trace_id\":".utf8)
      JSONText.appendString(trace.traceID, to: &bytes)
      bytes.append(contentsOf: ",\"span_id\":".utf8)
      JSONText.appendString(trace.spanID, to: &bytes)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// `2026-03-02T09:00:00.000000Z INFO    auto-dialer: message key=value`
  private func appendText(to bytes: inout [UInt8]) {
    time.appendRFC3339(to: &bytes)
    let name = level.rawValue.uppercased()
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: name.utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 8 - name.utf8.count))
    bytes.append(contentsOf: label.utf8)
    bytes.append(contentsOf: ": ".utf8)
    JSONText.appendEscaped(message, to: &bytes)
    for field in fields { append(field, to: &bytes) }
    if let trace {
      append(LogField("trace_id", trace.traceID), to: &bytes)
      append(LogField("span_id", trace.spanID), to: &bytes)
    }
  }

  private func append(_ field: LogField, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: " "))
    JSONText.appendEscaped(field.key, to: &bytes)
    bytes.append(UInt8(ascii: "="))
    switch field.value {
    case .string(let value):
      let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") }
      if isPlain { bytes.append(contentsOf: value.utf8) } else { JSONText.appendString(value, to: &bytes) }
    case .integer(let value): JSONText.appendInteger(value, to: &bytes)
    case .number(let value): JSONText.appendNumber(value, to: &bytes)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }
  }
}
