import Core
import Testing

@testable import HTTP

/// Feeds bytes in pieces of the sizes given; returns the body and what follows it, or nil if the body is not whole.
private func decode(_ bytes: [UInt8], pieces: [Int] = []) throws(ParseError) -> (body: [UInt8], rest: [UInt8])? {
  var decoder = ChunkedDecoder()
  var buffer: [UInt8] = []
  var body: [UInt8] = []
  var offset = 0
  var sizes = pieces[...]
  while offset < bytes.count {
    let size = min(sizes.popFirst() ?? bytes.count, bytes.count - offset)
    buffer += bytes[offset..<offset + size]
    offset += size
    var isHungry = false
    while !isHungry {
      let result = buffer.withUnsafeBytes { buffer in
        Result { () throws(ParseError) in try decoder.decode(buffer) }
      }
      switch try result.get() {
      case .needsMore(let consumed):
        buffer.removeFirst(consumed)
        isHungry = true
      case .data(let range):
        body += buffer[range]
        buffer.removeFirst(range.upperBound)
      case .end(let consumed):
        return (body, Array(buffer.dropFirst(consumed)) + bytes[offset...])
      }
    }
  }
  return nil
}

@Suite struct ChunkedDecoderTests {
  @Test func joinsChunksAndSkipsExtensionsAndTrailers() throws {
    let bytes = Array("4\r\nWiki\r\n6;a=b\r\npedia \r\nA\r\nin chunks.\r\n0\r\nT: u\r\n\r\nnext".utf8)
    let (body, rest) = try #require(try decode(bytes))
    #expect(body == Array("Wikipedia in chunks.".utf8))
    #expect(rest == Array("next".utf8))
  }

  @Test(arguments: [
    "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\nA", "\r\n", ";\r\n", "1\nA\r\n", "1\r\nAB\r\n",
    "1\r\nA\n", "1\r\nA\rB", "1\rA", "FFFFFFFFFFFFFFFF\r\n", "0\r\n T: u\r\n\r\n", "0\r\nT\u{0}: u\r\n\r\n", "1;\n",
  ])
  func refusesWhatIsMalformed(bytes: String) {
    #expect(throws: ParseError.self) { try decode(Array(bytes.utf8)) }
  }

  @Test func endlessExtensionsAndTrailersAreRefused() {
    let long = String(repeating: "a", count: 5000)
    #expect(throws: ParseError.self) { try decode(Array("1;\(long)".utf8)) }
    #expect(throws: ParseError.self) { try decode(Array("0\r\na: \(long)".utf8)) }
  }

  @Test(arguments: UInt64(1)...100) func anyBodyInAnyPiecesComesOutWhole(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var expected: [UInt8] = []
    var wire: [UInt8] = []
    for _ in 0..<Int.random(in: 0...8, using: &generator) {
      let chunk = (0..<Int.random(in: 1...300, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      expected += chunk
      wire += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10]
    }
    wire += Array("0\r\n\r\nX".utf8)
    let pieces = (0..<wire.count).map { _ in Int.random(in: 1...50, using: &generator) }
    let (body, rest) = try #require(try decode(wire, pieces: pieces))
    #expect(body == expected)
    #expect(rest == [UInt8(ascii: "X")])
  }
}
