/// A client's message as a server reads it. The slices point into the message.
struct IncomingCalls {
  struct Call {
    var id: UInt64 = 0
    var method = UnsafeRawBufferPointer(start: nil, count: 0)
    var request = UnsafeRawBufferPointer(start: nil, count: 0)
    var timeoutMicroseconds: UInt64 = 0
    var traceparent = UnsafeRawBufferPointer(start: nil, count: 0)
    var tenant = UnsafeRawBufferPointer(start: nil, count: 0)
    var actor = UnsafeRawBufferPointer(start: nil, count: 0)
    var idempotencyKey = UnsafeRawBufferPointer(start: nil, count: 0)
    var attempt: UInt64 = 0
  }

  var calls: [Call] = []
  var cancels: [UInt64] = []
  var wantsAnswer = false

  init(_ bytes: UnsafeRawBufferPointer) throws(MalformedEnvelope) {
    var reader = EnvelopeReader(bytes)
    while let field = try reader.next() {
      switch field {
      case .bytes(1, let call): calls.append(try IncomingCalls.call(call))
      case .bytes(3, let packed): try IncomingCalls.appendPacked(packed, to: &cancels)
      case .varint(3, let cancel): cancels.append(cancel)
      case .varint(4, let value): wantsAnswer = value != 0
      default: continue
      }
    }
  }

  private static func call(_ bytes: UnsafeRawBufferPointer) throws(MalformedEnvelope) -> Call {
    var call = Call()
    var reader = EnvelopeReader(bytes)
    while let field = try reader.next() {
      switch field {
      case .varint(1, let value): call.id = value
      case .bytes(2, let value): call.method = value
      case .bytes(3, let value): call.request = value
      case .varint(4, let value): call.timeoutMicroseconds = value
      case .bytes(5, let value): call.traceparent = value
      case .bytes(6, let value): call.tenant = value
      case .bytes(7, let value): call.actor = value
      case .bytes(8, let value): call.idempotencyKey = value
      case .varint(9, let value): call.attempt = value
      default: continue
      }
    }
    guard call.id != 0 else { throw MalformedEnvelope() }
    return call
  }

  private static func appendPacked(
    _ bytes: UnsafeRawBufferPointer, to values: inout [UInt64]
  ) throws(MalformedEnvelope) {
    var reader = EnvelopeReader(bytes)
    while !reader.isAtEnd {
      values.append(try reader.varint())
    }
  }
}

/// A server's message as a client reads it. The slices point into the message.
struct IncomingResults {
  struct Result {
    var id: UInt64 = 0
    var code: UInt64 = 0
    var message = UnsafeRawBufferPointer(start: nil, count: 0)
    var response = UnsafeRawBufferPointer(start: nil, count: 0)
    var retryAfterMicroseconds: UInt64 = 0
    var isNotStarted = false
  }

  var results: [Result] = []
  var isDraining = false

  init(_ bytes: UnsafeRawBufferPointer) throws(MalformedEnvelope) {
    var reader = EnvelopeReader(bytes)
    while let field = try reader.next() {
      switch field {
      case .bytes(2, let result): results.append(try IncomingResults.result(result))
      case .varint(5, let value): isDraining = value != 0
      default: continue
      }
    }
  }

  private static func result(_ bytes: UnsafeRawBufferPointer) throws(MalformedEnvelope) -> Result {
    var result = Result()
    var reader = EnvelopeReader(bytes)
    while let field = try reader.next() {
      switch field {
      case .varint(1, let value): result.id = value
      case .varint(2, let value): result.code = value
      case .bytes(3, let value): result.message = value
      case .bytes(4, let value): result.response = value
      case .varint(5, let value): result.retryAfterMicroseconds = value
      case .varint(6, let value): result.isNotStarted = value != 0
      default: continue
      }
    }
    guard result.id != 0 else { throw MalformedEnvelope() }
    return result
  }
}

/// Text of a field; nil when it is not UTF-8.
func text(_ bytes: UnsafeRawBufferPointer) -> String? {
  bytes.isEmpty ? "" : String(validating: bytes, as: UTF8.self)
}
