import Core

/// What a span is to the one that called it. Raw values are OTLP's.
public enum SpanKind: Int, Sendable, Hashable {
  case `internal` = 1
  case server = 2
  case client = 3
  case producer = 4
  case consumer = 5
}

/// The value of an attribute.
public enum AttributeValue: Hashable, Sendable {
  case string(String)
  case integer(Int64)
  case number(Double)
  case bool(Bool)
}

extension AttributeValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// How a span ended. Raw values are OTLP's.
public enum SpanStatus: Hashable, Sendable {
  case unset
  case ok
  case error(String)
}

/// A span that is being recorded. Attributes never hold phone numbers or speech.
public struct Span: Sendable {
  public let context: TraceContext
  /// False when nobody keeps this span; setting things is then free.
  public let isRecording: Bool
  var attributes: [(key: String, value: AttributeValue)] = []
  var events: [SpanRecord.Event] = []
  var status = SpanStatus.unset

  /// Attributes and events of one span beyond this number are dropped.
  static let entryLimit = 128

  init(context: TraceContext, isRecording: Bool) {
    self.context = context
    self.isRecording = isRecording
  }

  public mutating func setAttribute(_ key: String, _ value: AttributeValue) {
    guard isRecording else { return }
    if let index = attributes.firstIndex(where: { $0.key == key }) {
      attributes[index].value = value
    } else if attributes.count < Span.entryLimit {
      attributes.append((key, value))
    }
  }

  /// Something that happened at this moment.
  public mutating func addEvent(_ name: String) {
    guard isRecording, events.count < Span.entryLimit else { return }
    events.append(SpanRecord.Event(name: name, nanosecondsSince1970: SpanTime.now()))
  }

  public mutating func setStatus(_ status: SpanStatus) {
    self.status = status
  }
}

/// A span that has ended.
public struct SpanRecord: Sendable {
  public struct Event: Sendable {
    public var name: String
    public var nanosecondsSince1970: Int64
  }

  public var context: TraceContext
  /// Zero for the first span of a trace.
  public var parentSpanID: UInt64
  public var name: String
  public var kind: SpanKind
  /// Wall clock.
  public var startNanosecondsSince1970: Int64
  public var endNanosecondsSince1970: Int64
  public var attributes: [(key: String, value: AttributeValue)]
  public var events: [Event]
  public var status: SpanStatus
}

/// Takes ended spans. Must not wait.
public protocol SpanSink: Sendable {
  func record(_ span: SpanRecord)
}
