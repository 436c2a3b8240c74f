import Core
import Testing

@testable import HTTP

/// Feeds bytes to a parser in pieces.
private func parse(
  _ bytes: [UInt8], pieces: [Int] = [], limits: HTTPLimits = .standard
) throws(ParseError) -> (RequestHead, rest: [UInt8])? {
  var parser = RequestHeadParser(limits: limits)
  var buffer: [UInt8] = []
  var offset = 0
  var sizes = pieces[...]
  while offset < bytes.count {
    let size = min(sizes.popFirst() ?? bytes.count, bytes.count - offset)
    buffer += bytes[offset..<offset + size]
    offset += size
    let result = buffer.withUnsafeBytes { buffer in
      Result { () throws(ParseError) in try parser.parse(buffer) }
    }
    switch try result.get() {
    case .needsMore(let consumed):
      buffer.removeFirst(consumed)
    case .complete(let head, let consumed):
      return (head, Array(buffer.dropFirst(consumed)) + bytes[offset...])
    }
  }
  return nil
}

private func parse(_ text: String) throws(ParseError) -> RequestHead? {
  try parse(Array(text.utf8))?.0
}

@Suite struct RequestHeadParserTests {
  @Test func readsMethodTargetVersionAndFields() throws {
    let head = try #require(
      try parse("POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one:\t 2 \r\nContent-Length: 12\r\n\r\n"))
    #expect(head.method == .post)
    #expect(head.url == "/a/b?c=d")
    #expect(head.isVersion11)
    #expect(head.headers.values("X-ONE") == ["1", "2"])
    #expect(head.body == .length(12))
    #expect(head.keepsAlive)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, CLOSE\r\n\r\n", false),
    ("GET / HTTP/1.0\r\n\r\n", false),
    ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
  ])
  func persistenceFollowsVersionAndConnection(request: String, keepsAlive: Bool) throws {
    #expect(try parse(request)?.keepsAlive == keepsAlive)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\nHost: x\n\n",  // bare LF
    "GET / HTTP/1.1\r\nHost: x\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",  // bare CR
    "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",  // obs-fold
    "GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",  // space before the colon
    "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: \u{0}\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",  // no Host
    "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
    "GET / http/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.10\r\nHost: x\r\n\r\n",
    "GET /\r\nHost: x\r\n\r\n",  // HTTP/0.9
    "GET /ü HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "(GET) / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\u{16}\u{3}\u{1}\r\n",  // TLS
    "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  ])
  func refusesWhatIsMalformedOrCouldSmuggle(request: String) {
    #expect { _ = try parse(request) } throws: { ($0 as? ParseError)?.status == .badRequest }
  }

  @Test(arguments: [
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    ("POST / HTTP/1.0\r\n\r\n", 411),
    ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ("POST / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417),
  ])
  func answersWithTheStatusThatFits(request: String, code: Int) {
    #expect { _ = try parse(request) } throws: { ($0 as? ParseError)?.status.code == code }
  }

  @Test func tooLongARequestLineIs414EvenUnfinished() {
    let line = "GET /" + String(repeating: "a", count: 9000)
    #expect { _ = try parse(line) } throws: { ($0 as? ParseError)?.status == .uriTooLong }
    #expect { _ = try parse(line + " HTTP/1.1\r\n") } throws: { ($0 as? ParseError)?.status == .uriTooLong }
  }

  @Test func tooMuchHeaderIs431EvenUnfinished() {
    let start = "GET / HTTP/1.1\r\nHost: x\r\n"
    let one = start + "A: " + String(repeating: "a", count: 40_000)
    let many = start + String(repeating: "A: b\r\n", count: 200)
    for request in [one, one + "\r\n\r\n", many] {
      #expect { _ = try parse(request) } throws: {
        ($0 as? ParseError)?.status == .requestHeaderFieldsTooLarge
      }
    }
  }

  @Test func oneEmptyLineBeforeARequestIsForgiven() throws {
    #expect(try parse("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") != nil)
  }

  @Test(arguments: UInt64(1)...200) func piecesMakeNoDifference(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let request = Array(
      "POST http://example.com/p?q HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\nX: y z\r\n\r\nrest".utf8)
    let pieces = (0..<request.count).map { _ in Int.random(in: 1...30, using: &generator) }
    let (head, rest) = try #require(try parse(request, pieces: pieces))
    #expect(head.url == "http://example.com/p?q")
    #expect(head.headers.values("x") == ["y z"])
    #expect(head.body == .chunked)
    #expect(rest == Array("rest".utf8))
  }

  @Test func pathAndQueryComeFromEitherForm() {
    for (url, path, query) in [
      ("/a%20b?x=1+2&y", "/a b", "1 2"), ("http://h:80/a?x=z", "/a", "z"), ("http://h?x=z", "", "z"), ("/", "/", ""),
    ] {
      let request = HTTPRequest(url: url)
      #expect(request.path == path)
      #expect((request.query["x"] ?? "") == query)
    }
  }
}
