import Core
import Glibc
import TestSupport
import Testing

@testable import HTTP

/// Random and mutated bytes against real sockets: nothing crashes, nothing hangs, nothing is kept.
///
/// The seed is the argument: a failure names what to run again.
@Suite struct FuzzTests {
  private static let inputsPerSeed = 2500

  private static let requests: [String] = [
    "GET /hello/world?a=b HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\nhello world",
    "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: t\r\n\r\n",
    "POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      + "Content-Length: 16\r\n\r\na=b%20c&d=%zz+&e",
    "POST /json HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n{\"a\":[1,2.5]}",
    "GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 7\r\n\r\n",
    "HEAD /hello/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET http://h/hello/y HTTP/1.1\r\nHost: h\r\n\r\n",
  ]

  private static let handshake =
    "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

  private static let frames: [[UInt8]] = [
    frame(0x81, Array("hello".utf8), mask: 0x1122_3344), frame(0x82, [UInt8](repeating: 7, count: 300), mask: 9),
    frame(0x01, Array("grü".utf8.dropLast()), mask: 3), frame(0x80, [0xBC], mask: 4), frame(0x89, [1, 2], mask: 5),
    frame(0x8A, [], mask: 0), frame(0x88, [3, 232] + Array("bye".utf8), mask: 6),
    frame(0x82, [UInt8](repeating: 1, count: 66_000), mask: 8),
  ]

  private static func router() -> Router {
    var router = Router()
    router.on(.get, "/hello/{name}") { .text($0.parameter("name")) }
    router.on(.post, "/echo") { .bytes(try await $0.body.collect()) }
    router.on(.post, "/form") { .text("\(try await $0.form().count)") }
    router.on(.post, "/json") { .json(try await $0.body.json()) }
    router.on(.get, "/events") { _ in .serverSentEvents { try await $0.send(data: "one") } }
    router.webSocket("/socket") { socket, _ in
      while let message = try await socket.receive() {
        if case .text(let text) = message {
          try await socket.send(text: text)
        }
      }
    }
    return router
  }

  /// Changes some bytes, cuts, repeats and joins pieces; now and then throws all away for noise.
  private static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    if Int.random(in: 0..<20, using: &generator) == 0 {
      return (0..<Int.random(in: 0...600, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
    }
    for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &generator)
      let end = min(bytes.count, at + Int.random(in: 1...20, using: &generator))
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[at] = .random(in: 0...255, using: &generator)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes.removeSubrange(at..<end)
      case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
      case 4: bytes.insert([0, 10, 13, 32, 58, 255].randomElement(using: &generator)!, at: at)
      default: bytes.removeSubrange(at...)
      }
    }
    return bytes
  }

  /// Sends each input on a connection of its own and reads to its end. Blocks, so it has a thread of its own.
  ///
  /// - Returns: The index of an input whose connection the server kept open, if any.
  private static func sendAll(_ inputs: [[UInt8]], to port: Int) async -> Int? {
    await RawSocket.onThread {
      for (index, input) in inputs.enumerated() {
        guard let socket = try? RawSocket(port: port) else { return index }
        socket.sendNow(input)
        socket.finishWriting()
        while true {
          guard let bytes = socket.receiveNow(atMost: 65_536) else { return index }
          if bytes.isEmpty { break }
        }
      }
      return nil
    }
  }

  private func fuzz(_ inputs: [[UInt8]]) async throws {
    try await withServer(Self.router()) { server in
      let warmUp = inputs.count / 5
      #expect(await Self.sendAll(Array(inputs[..<warmUp]), to: server.port) == nil)
      let before = ProcessFigures.residentBytes()
      let stuck = await Self.sendAll(Array(inputs[warmUp...]), to: server.port)
      if let stuck {
        Issue.record("input \(warmUp + stuck) keeps its connection: \(inputs[warmUp + stuck])")
      }
      let grown = ProcessFigures.residentBytes() - before
      #expect(grown < 48 * 1024 * 1024, "grew by \(grown) bytes")
      let answer = try await exchange(server, "GET /hello/still HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      #expect(body(answer) == "still")
    }
  }

  @Test(arguments: UInt64(1)...4) func theHTTPServerTakesAnything(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    try await fuzz(
      (0..<Self.inputsPerSeed).map { _ in
        Self.mutate(Array(Self.requests.randomElement(using: &generator)!.utf8), &generator)
      })
  }

  @Test(arguments: UInt64(1)...4) func theWebSocketServerTakesAnything(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    try await fuzz(
      (0..<Self.inputsPerSeed).map { _ in
        var frames: [UInt8] = []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          frames += Self.frames.randomElement(using: &generator)!
        }
        return Array(Self.handshake.utf8) + Self.mutate(frames, &generator)
      })
  }
}
