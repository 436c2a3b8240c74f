import Core

/// Writes log lines: fixed text, fields, and the ids of the trace that the task works for.
///
/// A JSON line has `time` (wall clock), `level`, `service`, `message`, the logger's fields, the line's fields, `trace_id`
/// and `span_id`. Phone numbers go through `LogField.phone`; speech and transcripts are never logged.
public struct Logger: Sendable {
  public let label: String
  /// Lines below this are not written, and their fields not evaluated.
  public var level: LogLevel
  private let format: LogFormat
  private let sink: (any LogSink)?
  private var context: [LogField] = []

  /// - Parameter label: The service's name.
  public init(
    label: String, level: LogLevel = .info, format: LogFormat = .json, sink: any LogSink = StandardErrorSink()
  ) {
    self.label = label
    self.level = level
    self.format = format
    self.sink = sink
  }

  private init() {
    label = ""
    level = .error
    format = .json
    sink = nil
  }

  /// Writes nothing.
  public static let discarding = Logger()

  /// A logger that adds `fields` to each line.
  public func with(_ fields: [LogField]) -> Logger {
    var copy = self
    copy.context += fields
    return copy
  }

  public func debug(_ message: String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.debug, message, fields())
  }

  public func info(_ message: String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.info, message, fields())
  }

  public func warning(_ message: String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.warning, message, fields())
  }

  public func error(_ message: String, _ fields: @autoclosure () -> [LogField] = []) {
    log(.error, message, fields())
  }

  public func log(_ level: LogLevel, _ message: String, _ fields: @autoclosure () -> [LogField] = []) {
    guard let sink, level >= self.level else { return }
    let entry = LogEntry(
      time: .wallClock(), level: level, label: label, message: message, fields: context + fields(),
      trace: TraceIdentity.current)
    sink.write(entry.line(format))
  }
}
