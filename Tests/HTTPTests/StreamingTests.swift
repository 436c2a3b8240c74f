import Core
import Nng
import Synchronization
import TestSupport
import Testing

@testable import HTTP

@Suite struct StreamingTests {
  @Test func streamsAreChunkedAndEnd() async throws {
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain") { writer in
        for piece in ["one ", "", "two ", "three"] {
          try await writer.write(piece)
        }
      }
    }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let response = try await socket.receive(until: "0\r\n\r\n")
      #expect(response.range(of: "Transfer-Encoding: chunked\r\n") != nil)
      #expect(body(response) == "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n")
      // The connection goes on; HTTP/1.0 has no chunks.
      await socket.send("GET / HTTP/1.0\r\n\r\n")
      let answer = try await socket.receiveAll()
      #expect(body(answer) == "one two three")
    }
  }

  @Test func aStreamThatFailsIsNotTakenForWhole() async throws {
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain") { writer in
        try await writer.write("part")
        throw SocketFailure(description: "broken")
      }
    }
    router.on(.get, "/short") { _ in
      .stream(contentType: "text/plain", length: 10) { try await $0.write("part") }
    }
    try await withServer(router) { server in
      for path in ["/", "/short"] {
        let response = try await exchange(server, "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(response.range(of: "part") != nil)
        #expect(response.range(of: "0\r\n\r\n") == nil)
      }
    }
  }

  @Test func chunkedUploadsArriveWhileTheyAreSent() async throws {
    let first = Signal()
    var router = Router()
    router.on(.post, "/") { request in
      var text = ""
      for try await chunk in request.body {
        text += String(decoding: chunk, as: UTF8.self)
        first.fire()
      }
      return .text(text)
    }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
      await first.wait()
      await socket.send("3\r\ndef\r\n0\r\n\r\n")
      _ = try await socket.receive(until: "abcdef")
    }
  }

  /// The limit holds for chunked bodies too, whose size nobody states.
  @Test func streamedBodiesHaveALimit() async throws {
    var router = Router()
    router.on(.post, "/", bodyBytes: 100_000) { request in
      for try await _ in request.body {}
      return .empty()
    }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
      await socket.send(Array("30D40\r\n".utf8) + [UInt8](repeating: 65, count: 200_000) + [13, 10])
      let answer = try await socket.receive(until: "\r\n\r\n")
      #expect(status(answer) == 413)
    }
  }

  @Test func largeBodiesTakeLittleMemoryEitherWay() async throws {
    let total = 1024 * 1024 * 1024
    var router = Router()
    router.on(.post, "/", bodyBytes: .max) { request in
      var count = 0
      for try await chunk in request.body {
        count += chunk.count
      }
      return .text("\(count)")
    }
    router.on(.get, "/") { _ in
      .stream(contentType: "application/octet-stream", length: total) { writer in
        let piece = [UInt8](repeating: 65, count: 1024 * 1024)
        for _ in 0..<total / piece.count {
          try await writer.write(piece)
        }
      }
    }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      let piece = [UInt8](repeating: 65, count: 1024 * 1024)
      await socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(total)\r\n\r\n")
      await socket.send(piece)
      let before = ProcessFigures.residentBytes()
      for _ in 1..<total / piece.count {
        await socket.send(piece)
      }
      _ = try await socket.receive(until: "\(total)")
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let head = try await socket.receive(until: "\r\n\r\n")
      var received = body(head).utf8.count
      while received < total, let bytes = await socket.receive(atMost: 1024 * 1024), !bytes.isEmpty {
        received += bytes.count
      }
      #expect(received == total)
      let grown = ProcessFigures.residentBytes() - before
      // AddressSanitizer alone keeps 256 MB of what was freed; else this is a few.
      #expect(grown < total / 4, "grew by \(grown) bytes")
    }
  }

  @Test func eventsBeatWhenNothingHappens() async throws {
    let goOn = Signal()
    var router = Router()
    router.on(.get, "/") { _ in
      .serverSentEvents(heartbeat: .milliseconds(20)) { events in
        try await events.send(data: "first", event: "progress", id: "1")
        await goOn.wait()
        try await events.send(data: "second")
      }
    }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let start = try await socket.receive(until: ":\n\n")
      #expect(start.range(of: "Content-Type: text/event-stream\r\n") != nil)
      #expect(start.range(of: "event: progress\nid: 1\ndata: first\n\n") != nil)
      goOn.fire()
      let rest = try await socket.receiveAll()
      #expect(rest.range(of: "data: second\n\n") != nil)
      #expect(rest.hasSuffix("0\r\n\r\n"))
    }
  }

  @Test(arguments: [true, false]) func producersOfEventsEndWithTheirClient(orderly: Bool) async throws {
    let cancelled = Signal()
    var router = Router()
    router.on(.get, "/") { _ in
      .serverSentEvents(heartbeat: .seconds(1000)) { events in
        try await events.send(data: "first")
        await Signal().wait()
        if Task.isCancelled {
          cancelled.fire()
        }
      }
    }
    try await withServer(router) { server in
      var socket: RawSocket? = try RawSocket(port: server.port)
      await socket?.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await socket?.receive(until: "first")
      if !orderly {
        socket?.reset()
      }
      socket = nil
      await cancelled.wait()
    }
  }
}
