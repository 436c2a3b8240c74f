import Core
import Nng
import Synchronization
import Testing

@testable import HTTP

private let handshake =
  "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
  + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

private func echoRouter() -> Router {
  var router = Router()
  router.webSocket("/echo", subprotocols: ["v2", "v1"]) { socket, _ in
    while let message = try await socket.receive() {
      switch message {
      case .text(let text): try await socket.send(text: text)
      case .binary(let bytes): try await socket.send(binary: bytes)
      }
    }
  }
  router.webSocket(
    "/guarded",
    accept: { request in
      if request.headers["authorization"] == "Bearer good" {
        return nil
      }
      return .problem(.unauthorized, detail: "Say who you are.")
    },
    handler: { socket, request in
      try await socket.send(text: request.headers["x-extra"] ?? "none")
    })
  return router
}

private func url(_ server: HTTPServer, _ path: String) -> String { "ws://127.0.0.1:\(server.port)\(path)" }

@Suite struct WebSocketTests {
  @Test func messagesOfAllSizesComeBack() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try await WebSocketClient.connect(url: url(server, "/echo"))
      for count in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        try await socket.send(binary: payload)
        #expect(try await socket.receive() == .binary(payload))
      }
      try await socket.send(text: "grüße")
      #expect(try await socket.receive()?.string == "grüße")
      await socket.close(code: .normal, reason: "done")
      #expect(try await socket.receive() == nil)
      #expect(socket.peerClose?.code == .normal)
      await #expect { try await socket.send(text: "late") } throws: { ($0 as? WebSocketError)?.code == .closed }
    }
  }

  /// Closing from another task takes the receiver's place between two messages: it must find an end, not a trap.
  @Test func aReceiverEndsWhenAnotherTaskCloses() async throws {
    try await withServer(echoRouter()) { server in
      for round in 0..<50 {
        let socket = try await WebSocketClient.connect(url: url(server, "/echo"))
        for _ in 0..<round % 5 { try await socket.send(text: "hello") }
        await withTaskGroup(of: Void.self) { group in
          group.addTask { while (try? await socket.receive()) != nil {} }
          group.addTask { await socket.close() }
        }
        #expect(try await socket.receive() == nil)
      }
    }
  }

  @Test func theHandshakeIsRFC6455s() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send(handshake + "Sec-WebSocket-Protocol: v0, v1\r\n\r\n")
      let response = try await socket.receive(until: "\r\n\r\n")
      #expect(response.hasPrefix("HTTP/1.1 101 "))
      #expect(response.range(of: "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != nil)
      #expect(response.range(of: "Sec-WebSocket-Protocol: v1\r\n") != nil)
    }
  }

  @Test func framesBehindTheHandshakeAreNotLost() async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send(Array((handshake + "\r\n").utf8) + frame(0x82, [1, 2, 3], mask: 5))
      _ = try await socket.receive(until: "\r\n\r\n\u{fffd}")
    }
  }

  @Test(arguments: [
    ("GET /echo HTTP/1.1\r\nHost: x\r\n", 426),
    (handshake.replacing("Version: 13", with: "Version: 8"), 426),
    (handshake.replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "c2hvcnQ="), 400),
    (handshake.replacing("GET", with: "POST"), 405),
  ])
  func badHandshakesAreRefused(request: String, code: Int) async throws {
    try await withServer(echoRouter()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send(request + "\r\n")
      let response = try await socket.receive(until: "\r\n\r\n")
      #expect(status(response) == code)
    }
  }

  @Test func refusalsReachTheClientWithTheirReason() async throws {
    try await withServer(echoRouter()) { server in
      await #expect {
        _ = try await WebSocketClient.connect(url: url(server, "/guarded"))
      } throws: { error in
        guard let error = error as? WebSocketError, error.code == .refused else { return false }
        return error.response?.status == .unauthorized
          && String(decoding: error.response?.body ?? [], as: UTF8.self).range(of: "Say who you are.") != nil
      }
      let socket = try await WebSocketClient.connect(
        url: url(server, "/guarded"), headers: ["Authorization": "Bearer good", "X-Extra": "more"])
      #expect(try await socket.receive()?.string == "more")
      #expect(try await socket.receive() == nil)
      #expect(socket.peerClose?.code == .normal)
    }
  }

  @Test(arguments: WebSocketFrameTests.faults) func faultsCloseWithTheirCode(
    bytes: [UInt8], code: WebSocketCloseCode
  ) async throws {
    // The table is a server's frames. A client masks them, here with zeros.
    guard bytes[1] & 0x80 == 0 else { return }
    let headerLength = [126: 4, 127: 10][bytes[1]] ?? 2
    var masked = bytes
    masked[1] |= 0x80
    masked.insert(contentsOf: [0, 0, 0, 0], at: headerLength)
    try await withServer(echoRouter()) { [masked] server in
      let socket = try RawSocket(port: server.port)
      await socket.send(handshake + "\r\n")
      _ = try await socket.receive(until: "\r\n\r\n")
      await socket.send(masked)
      let answer = try await socket.receive(exactly: 4)
      #expect(answer[0] == 0x88)
      #expect(UInt16(answer[2]) << 8 | UInt16(answer[3]) == code.rawValue)
    }
  }

  @Test func pingsAreAnsweredAndTooLargeMessagesRefused() async throws {
    var limits = HTTPLimits()
    limits.webSocketMessageBytes = 1000
    try await withServer(echoRouter(), limits: limits) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send(handshake + "\r\n")
      _ = try await socket.receive(until: "\r\n\r\n")
      await socket.send(frame(0x89, [9, 8], mask: 77))
      #expect(try await socket.receive(exactly: 4) == [0x8A, 2, 9, 8])
      await socket.send(frame(0x82, [UInt8](repeating: 0, count: 1001), mask: 77))
      #expect(try await socket.receive(exactly: 4)[2...] == [3, 241])  // 1009
    }
  }

  @Test func aVanishedClientIsAnError() async throws {
    let outcome = Mutex<(any Error)?>(nil)
    let ended = Signal()
    var router = Router()
    router.webSocket("/echo") { socket, _ in
      defer { ended.fire() }
      do {
        while try await socket.receive() != nil {}
      } catch {
        outcome.withLock { $0 = error }
      }
    }
    try await withServer(router) { server in
      var socket: RawSocket? = try RawSocket(port: server.port)
      await socket?.send(handshake + "\r\n")
      _ = try await socket?.receive(until: "\r\n\r\n")
      socket = nil
      await ended.wait()
    }
    #expect((outcome.withLock { $0 } as? WebSocketError)?.code == .closed)
  }

  /// A reader that does not read holds its senders back, within the queue's bound and the kernel's; what it then reads
  /// is whole, each sender's messages in their order.
  @Test func sendersWaitForSlowReaders() async throws {
    let (senders, each) = (4, 1000)
    let sent = Counter()
    var router = Router()
    router.webSocket("/flood") { socket, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for sender in 0..<senders {
          group.addTask {
            for index in 0..<each {
              var payload = [UInt8](repeating: UInt8(sender), count: 16_384)
              payload[1] = UInt8(truncatingIfNeeded: index)
              payload[2] = UInt8(truncatingIfNeeded: index >> 8)
              try await socket.send(binary: payload)
              sent.add()
            }
          }
        }
        try await group.waitForAll()
      }
    }
    try await withServer(router) { server in
      let socket = try await WebSocketClient.connect(url: url(server, "/flood"))
      var next = [Int](repeating: 0, count: senders)
      var received = 0
      var isFirst = true
      while case .binary(let payload)? = try await socket.receive() {
        if isFirst {
          // 64 MB are on offer; the kernel's buffers take a few, the queue a quarter of one.
          #expect(sent.value < senders * each / 2)
          isFirst = false
        }
        let index = Int(payload[1]) | Int(payload[2]) << 8
        #expect(index == next[Int(payload[0])])
        next[Int(payload[0])] += 1
        received += 1
      }
      #expect(received == senders * each)
    }
  }

  @Test func drainsCloseSocketsAtTheDeadline() async throws {
    var limits = HTTPLimits()
    limits.drainTimeout = .milliseconds(50)
    try await withServer(echoRouter(), limits: limits) { server in
      let socket = try await WebSocketClient.connect(url: url(server, "/echo"))
      try await socket.send(text: "x")
      _ = try await socket.receive()
      async let drained: Void = server.drain()
      #expect(try await socket.receive() == nil)
      #expect(socket.peerClose?.code == .goingAway)
      await drained
    }
  }

  @Test func connectingNowhereFailsClearly() async throws {
    await #expect {
      _ = try await WebSocketClient.connect(url: "http://127.0.0.1/")
    } throws: {
      ($0 as? WebSocketError)?.code == .invalidURL
    }
    let port = try await withServer(Router()) { $0.port }
    await #expect {
      _ = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/")
    } throws: {
      ($0 as? WebSocketError)?.code == .connect
    }
  }

  @Test func serversThatDoNotAnswerTimeOut() async throws {
    let listener = try StreamListener.make(url: "tcp://127.0.0.1:0")
    try listener.listen()
    var options = WebSocketClient.Options()
    options.connectTimeout = .milliseconds(50)
    let port = try #require(listener.boundPort)
    do {
      _ = try await WebSocketClient.connect(url: "ws://127.0.0.1:\(port)/", options: options)
      Issue.record("nobody answered, and yet there is a socket")
    } catch let error as WebSocketError {
      #expect(error.code == .timedOut)
    }
  }

  @Test(arguments: [
    ("ws://h", "h", 80, "/"), ("wss://h/p?q#f", "h", 443, "/p?q"), ("WS://[::1]:8080?q", "::1", 8080, "/?q"),
  ])
  func urlsAreTakenApart(text: String, host: String, port: Int, target: String) throws {
    let url = try #require(WebSocketURL(text))
    #expect(url.host == host)
    #expect(url.port == port)
    #expect(url.target == target)
  }

  @Test(arguments: ["", "ws:/h", "http://h", "ws://", "ws://h:0", "ws://h:99999", "ws://u@h", "ws://h/ x", "ws://[::1"])
  func badURLsAreRefused(text: String) {
    #expect(WebSocketURL(text) == nil)
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add() { count.add(1, ordering: .relaxed) }
}

extension String {
  fileprivate func replacing(_ text: String, with other: String) -> String {
    guard let range = range(of: text) else { return self }
    return self[..<range.lowerBound] + other + self[range.upperBound...]
  }
}
