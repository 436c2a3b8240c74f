import Core

/// The place of a piece of work in a trace (W3C Trace Context, level 1), as it travels between processes.
public struct TraceContext: Hashable, Sendable {
  public let traceIDHigh: UInt64
  public let traceIDLow: UInt64
  public let spanID: UInt64
  /// Whether spans of this trace are kept.
  public let sampled: Bool
  /// Vendors' `tracestate`, handed on unchanged.
  public let state: String?

  /// The context of the current task; set by `Tracer.span` and `withCurrent`.
  @TaskLocal public static var current: TraceContext?

  /// Nil when the trace id or the span id is zero, which the standard forbids.
  public init?(traceIDHigh: UInt64, traceIDLow: UInt64, spanID: UInt64, sampled: Bool, state: String? = nil) {
    guard traceIDHigh | traceIDLow != 0, spanID != 0 else { return nil }
    self.init(high: traceIDHigh, low: traceIDLow, spanID: spanID, sampled: sampled, state: state)
  }

  private init(high: UInt64, low: UInt64, spanID: UInt64, sampled: Bool, state: String?) {
    traceIDHigh = high
    traceIDLow = low
    self.spanID = spanID
    self.sampled = sampled
    self.state = state
  }

  /// The start of a new trace.
  public static func random(sampled: Bool = true) -> TraceContext {
    TraceContext(
      high: .random(in: 1...UInt64.max), low: .random(in: 0...UInt64.max), spanID: .random(in: 1...UInt64.max),
      sampled: sampled, state: nil)
  }

  /// A new span of the same trace.
  public func child() -> TraceContext {
    TraceContext(
      high: traceIDHigh, low: traceIDLow, spanID: .random(in: 1...UInt64.max), sampled: sampled, state: state)
  }

  /// The trace id's sixteen bytes, most significant first.
  public var traceID: [UInt8] { UniqueID(high: traceIDHigh, low: traceIDLow).bytes }

  /// 32 lower-case hex digits.
  public var traceIDText: String { TraceContext.hex(traceIDHigh) + TraceContext.hex(traceIDLow) }

  /// 16 lower-case hex digits.
  public var spanIDText: String { TraceContext.hex(spanID) }

  /// Runs `operation` with this as the current context, for spans and for logs.
  public func withCurrent<Result>(
    isolation: isolated (any Actor)? = #isolation, _ operation: () async throws -> Result
  ) async rethrows -> Result {
    try await TraceContext.$current.withValue(self) {
      try await TraceIdentity.$current.withValue((traceIDText, spanIDText), operation: operation)
    }
  }

  static func hex(_ value: UInt64) -> String {
    unsafe String(unsafeUninitializedCapacity: 16) { buffer in
      for index in 0..<16 {
        unsafe buffer[index] = Hex.character(UInt8(truncatingIfNeeded: value >> UInt64(60 - index * 4)) & 15)
      }
      return 16
    }
  }
}

extension TraceContext {
  /// Reads the header `traceparent`, and keeps `tracestate` beside it.
  ///
  /// Nil, and a new trace is due, when: the version is `ff`; an id is zero; lengths are wrong; a character is not a
  /// lower-case hex digit; version `00` has extra fields. Later versions may have them (section 3.2).
  public init?(traceparent: String, tracestate: String? = nil) {
    let bytes = Array(traceparent.utf8)
    let dash = UInt8(ascii: "-")
    guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      let version = TraceContext.value(bytes[0..<2]), version != 0xFF,
      version == 0 ? bytes.count == 55 : bytes.count == 55 || bytes[55] == dash,
      let high = TraceContext.value(bytes[3..<19]), let low = TraceContext.value(bytes[19..<35]),
      let spanID = TraceContext.value(bytes[36..<52]), let flags = TraceContext.value(bytes[53..<55])
    else { return nil }
    let state = tracestate.flatMap { $0.isEmpty ? nil : $0 }
    self.init(traceIDHigh: high, traceIDLow: low, spanID: spanID, sampled: flags & 1 == 1, state: state)
  }

  /// The header: `00-<trace id>-<span id>-<flags>`.
  public var traceparent: String { "00-\(traceIDText)-\(spanIDText)-\(sampled ? "01" : "00")" }

  private static func value(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for byte in digits {
      guard !(0x41...0x46).contains(byte), let digit = Hex.digit(byte) else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }
}
