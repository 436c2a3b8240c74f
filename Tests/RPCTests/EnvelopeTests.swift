import Core
import Nng
import RingmasterMessages
import Testing
import Wire

@testable import RPC

/// The envelope's own codec against the messages generated from `rpc.proto`.
@Suite struct EnvelopeTests {
  private static func text(_ generator: inout SeededGenerator) -> String {
    String(decoding: bytes(&generator, atMost: 40).map { $0 % 94 + 33 }, as: UTF8.self)
  }

  private static func bytes(_ generator: inout SeededGenerator, atMost limit: Int = 400) -> [UInt8] {
    let count = Int.random(in: 0...limit, using: &generator)
    return (0..<count).map { _ in .random(in: 0...255, using: &generator) }
  }

  /// Small, large and edge values alike.
  private static func number(_ generator: inout SeededGenerator) -> UInt64 {
    UInt64.random(in: 0...UInt64.max, using: &generator) >> UInt64.random(in: 0..<64, using: &generator)
  }

  @Test(arguments: UInt64(1)...50) func callsAreWrittenAsTheProtoSays(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let now = MonotonicTime.now()
    var batch = OutgoingCalls(request: RequestID(1), pipe: PipeID.next())
    var expected = RpcBatch()
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      let patience = Self.number(&generator) >> 20
      let hasDeadline = Bool.random(using: &generator)
      let call = ClientCall(
        method: Self.text(&generator), request: Self.bytes(&generator),
        deadline: hasDeadline ? now + patience : MonotonicTime.never, traceparent: Self.text(&generator),
        tenant: Self.text(&generator), actor: Self.text(&generator), idempotencyKey: Self.text(&generator),
        attempt: Int.random(in: 0...3, using: &generator))
      call.id = max(1, Self.number(&generator))
      batch.calls.append(call)
      expected.calls.append(
        RpcCall(
          id: call.id, method: call.method, request: call.request,
          timeoutMicroseconds: hasDeadline ? max(1, patience / 1000) : 0, traceparent: call.traceparent,
          tenant: call.tenant, actor: call.actor, idempotencyKey: call.idempotencyKey, attempt: UInt32(call.attempt)))
    }
    batch.cancels = (0..<Int.random(in: 0...5, using: &generator)).map { _ in Self.number(&generator) }
    batch.wantsAnswer = Bool.random(using: &generator)
    expected.cancels = batch.cancels
    expected.answerAtOnce = batch.wantsAnswer
    let written = batch.message(now: now).withBody { [UInt8]($0) }
    #expect(written == expected.encoded())
  }

  @Test(arguments: UInt64(1)...50) func callsAreReadAsTheProtoSays(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var batch = RpcBatch()
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      batch.calls.append(
        RpcCall(
          id: max(1, Self.number(&generator)), method: Self.text(&generator), request: Self.bytes(&generator),
          timeoutMicroseconds: Self.number(&generator), traceparent: Self.text(&generator),
          tenant: Self.text(&generator), actor: Self.text(&generator), idempotencyKey: Self.text(&generator),
          attempt: .random(in: 0...3, using: &generator)))
    }
    batch.cancels = (0..<Int.random(in: 0...5, using: &generator)).map { _ in Self.number(&generator) }
    batch.answerAtOnce = Bool.random(using: &generator)
    try batch.encoded().withUnsafeBytes { bytes in
      let read = try IncomingCalls(bytes)
      #expect(read.cancels == batch.cancels)
      #expect(read.wantsAnswer == batch.answerAtOnce)
      #expect(read.calls.count == batch.calls.count)
      for (call, expected) in zip(read.calls, batch.calls) {
        #expect(call.id == expected.id)
        #expect(RPC.text(call.method) == expected.method)
        #expect([UInt8](call.request) == expected.request)
        #expect(call.timeoutMicroseconds == expected.timeoutMicroseconds)
        #expect(RPC.text(call.traceparent) == expected.traceparent)
        #expect(RPC.text(call.tenant) == expected.tenant)
        #expect(RPC.text(call.actor) == expected.actor)
        #expect(RPC.text(call.idempotencyKey) == expected.idempotencyKey)
        #expect(call.attempt == UInt64(expected.attempt))
      }
    }
  }

  @Test(arguments: UInt64(1)...50) func resultsAreWrittenAndReadAsTheProtoSays(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var batch = OutgoingResults(isDraining: Bool.random(using: &generator))
    var expected = RpcBatch(draining: batch.isDraining)
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
      let id = max(1, Self.number(&generator))
      if Bool.random(using: &generator) {
        let response = Self.bytes(&generator)
        batch.results.append(OutgoingResults.Result(id: id, outcome: .success(response)))
        expected.results.append(RpcResult(id: id, response: response))
      } else {
        let code = RPCCode.allCases.filter { $0 != .ok }.randomElement(using: &generator) ?? .unknown
        let pause = Int64(Self.number(&generator) >> 24)
        var error = RPCError(code, Self.text(&generator))
        error.retryAfter = pause == 0 ? nil : .microseconds(pause)
        let isNotStarted = Bool.random(using: &generator)
        batch.results.append(.init(id: id, outcome: .failure(error), isNotStarted: isNotStarted))
        expected.results.append(
          RpcResult(
            id: id, code: UInt32(code.rawValue), message: error.message, retryAfterMicroseconds: UInt64(pause),
            notStarted: isNotStarted))
      }
    }
    let written = batch.message().withBody { [UInt8]($0) }
    #expect(written == expected.encoded())
    try written.withUnsafeBytes { bytes in
      let read = try IncomingResults(bytes)
      #expect(read.isDraining == batch.isDraining)
      #expect(read.results.map(\.id) == batch.results.map(\.id))
      #expect(read.results.map { [UInt8]($0.response) } == expected.results.map(\.response))
      #expect(read.results.map { RPC.text($0.message) } == expected.results.map(\.message))
      #expect(read.results.map(\.isNotStarted) == expected.results.map(\.notStarted))
    }
  }

  @Test func fieldsOfLaterVersionsAreSkipped() throws {
    var bytes = RpcBatch(calls: [RpcCall(id: 7, method: "m")], cancels: [3]).encoded()
    bytes += [0x78, 0x05, 0x7A, 0x01, 0x00]  // Field 15, as a number and as bytes.
    bytes += [0x79] + [UInt8](repeating: 0, count: 8) + [0x7D] + [UInt8](repeating: 0, count: 4)  // Fixed widths.
    let read = try bytes.withUnsafeBytes { bytes throws(MalformedEnvelope) in try IncomingCalls(bytes).calls.count }
    #expect(read == 1)
  }

  @Test func malformedBytesAreRefused() {
    let malformed: [[UInt8]] = [
      [0x00], [0x0A], [0x0A, 0x05, 0x08], [0x20] + [UInt8](repeating: 0xFF, count: 11), [0x0B], [0x0F, 0x00],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x12, 0x00], [0x0A, 0x00],  // A result or a call without an id.
      [0x0A, 0x02, 0x08, 0x00], [0x1A, 0x01, 0x80], [0x0D, 0x01],
      [0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01],  // 2^64 - 1 bytes.
    ]
    for bytes in malformed {
      let isRead = bytes.withUnsafeBytes { (try? IncomingCalls($0)) != nil && (try? IncomingResults($0)) != nil }
      #expect(!isRead, "\(bytes)")
    }
  }
}
