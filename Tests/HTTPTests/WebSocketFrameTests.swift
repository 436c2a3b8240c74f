import Core
import Testing

@testable import HTTP

/// Everything that an assembler makes of bytes that come in the pieces given.
private func assemble(
  _ bytes: [UInt8], pieces: [Int] = [], role: WebSocketRole = .client, limit: Int = 1 << 20
) throws(WebSocketFault) -> [MessageAssembler.Event] {
  var assembler = MessageAssembler(role: role, limit: limit)
  let buffer = ReadBuffer(capacity: 16)
  var events: [MessageAssembler.Event] = []
  var offset = 0
  var sizes = pieces[...]
  while offset < bytes.count {
    let size = min(sizes.popFirst() ?? bytes.count, bytes.count - offset)
    buffer.space(atLeast: size).copyBytes(from: bytes[offset..<offset + size])
    buffer.commit(size)
    offset += size
    while let event = try assembler.next(buffer) {
      events.append(event)
    }
  }
  return events
}

/// A frame as a client or server would send it, with any bits.
func frame(_ first: UInt8, _ payload: [UInt8], mask: UInt32? = nil) -> [UInt8] {
  var bytes: [UInt8] = []
  payload.withUnsafeBytes { WebSocketFrameHeader.append(.text, $0, mask: mask, to: &bytes) }
  bytes[0] = first
  return bytes
}

@Suite struct WebSocketFrameTests {
  @Test func textBinaryAndControlFramesAreToldApart() throws {
    let bytes =
      frame(0x81, Array("hé".utf8)) + frame(0x82, [0, 255]) + frame(0x89, [1]) + frame(0x8A, [])
      + frame(0x88, [3, 232])
    #expect(
      try assemble(bytes) == [
        .message(.text(Array("hé".utf8))), .message(.binary([0, 255])), .ping([1]), .pong, .close(.normal, reason: ""),
      ])
  }

  @Test func fragmentsAreJoinedAroundControlFrames() throws {
    let bytes = frame(0x01, [0xC3]) + frame(0x89, [7]) + frame(0x00, []) + frame(0x80, [0xA9])
    #expect(try assemble(bytes) == [.ping([7]), .message(.text(Array("é".utf8)))])
  }

  @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]) func lengthsRoundTrip(count: Int) throws {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    #expect(try assemble(frame(0x82, payload)) == [.message(.binary(payload))])
    #expect(try assemble(frame(0x82, payload, mask: 0x1234_5678), role: .server) == [.message(.binary(payload))])
  }

  @Test(arguments: UInt64(1)...100) func piecesMakeNoDifference(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var expected: [MessageAssembler.Event] = []
    var bytes: [UInt8] = []
    for _ in 0..<20 {
      let payload = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      let cut = Int.random(in: 0...payload.count, using: &generator)
      bytes += frame(0x02, Array(payload[..<cut]), mask: .random(in: 0...UInt32.max, using: &generator))
      bytes += frame(0x80, Array(payload[cut...]), mask: .random(in: 0...UInt32.max, using: &generator))
      expected.append(.message(.binary(payload)))
    }
    let pieces = (0..<bytes.count).map { _ in Int.random(in: 1...100, using: &generator) }
    #expect(try assemble(bytes, pieces: pieces, role: .server) == expected)
  }

  static let faults: [([UInt8], WebSocketCloseCode)] = [
    ([0xC1, 0], .protocolError),  // reserved bit
    ([0x83, 0], .protocolError),  // reserved opcode
    ([0x8B, 0], .protocolError),
    ([0x81, 0x80, 0, 0, 0, 0], .protocolError),  // masked by a server
    ([0x09, 0], .protocolError),  // fragmented ping
    ([0x89, 126, 0, 126], .protocolError),  // long ping
    ([0x82, 126, 0, 1, 0], .protocolError),  // length not shortest
    ([0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], .protocolError),
    ([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], .protocolError),
    ([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0], .messageTooBig),
    ([0x80, 0], .protocolError),  // continuation of nothing
    ([0x01, 0, 0x81, 0], .protocolError),  // message inside a message
    ([0x88, 1, 0], .protocolError),
    ([0x88, 2, 3, 237], .protocolError),  // 1005 on the wire
    ([0x88, 2, 0, 0], .protocolError),
    ([0x88, 3, 3, 232, 0xFF], .invalidData),
    ([0x81, 1, 0xFF], .invalidData),
    ([0x81, 3, 0xED, 0xA0, 0x80], .invalidData),  // surrogate
  ]

  @Test(arguments: faults) func violationsNameTheirCloseCode(bytes: [UInt8], code: WebSocketCloseCode) {
    #expect { _ = try assemble(bytes) } throws: { ($0 as? WebSocketFault)?.code == code }
  }

  @Test func clientsMustMask() {
    #expect { _ = try assemble([0x81, 0], role: .server) } throws: {
      ($0 as? WebSocketFault)?.code == .protocolError
    }
  }

  @Test func fragmentsTogetherObeyTheLimit() throws {
    #expect(try assemble(frame(0x82, [UInt8](repeating: 0, count: 10)), limit: 10).count == 1)
    let bytes = frame(0x02, [UInt8](repeating: 0, count: 6)) + frame(0x80, [UInt8](repeating: 0, count: 5))
    #expect { _ = try assemble(bytes, limit: 10) } throws: { ($0 as? WebSocketFault)?.code == .messageTooBig }
  }

  @Test(arguments: 0..<12) func maskingFromAnyOffsetIsTheSame(offset: Int) {
    let payload = (0..<40).map { UInt8($0) }
    var whole = payload
    whole.withUnsafeMutableBytes { WebSocketFrameHeader.applyMask(0xA1B2_C3D4, to: $0, offset: 0) }
    var parts = payload
    parts.withUnsafeMutableBytes { bytes in
      WebSocketFrameHeader.applyMask(
        0xA1B2_C3D4, to: UnsafeMutableRawBufferPointer(rebasing: bytes[..<offset]), offset: 0)
      WebSocketFrameHeader.applyMask(
        0xA1B2_C3D4, to: UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]), offset: offset)
    }
    #expect(parts == whole)
  }

  /// The standard library repairs what is not UTF-8, so text survives it only if it was.
  @Test(arguments: UInt64(1)...300) func utf8IsWhatTheStandardLibraryTakes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes = Array(String("aé€😀z\u{7FF}\u{800}\u{FFFF}\u{10FFFF}".shuffled(using: &generator)).utf8)
    for _ in 0..<Int.random(in: 0...2, using: &generator) {
      bytes[bytes.indices.randomElement(using: &generator)!] = .random(in: 0...255, using: &generator)
    }
    if Bool.random(using: &generator) {
      bytes.removeLast()
    }
    let isUTF8 = Array(String(decoding: bytes, as: UTF8.self).utf8) == bytes
    #expect(bytes.withUnsafeBytes { isValidUTF8($0) } == isUTF8)
  }
}
