import Core
import Synchronization
import Testing

@testable import HTTP

@Suite struct ServerTimeoutTests {
  private func router() -> Router {
    var router = Router()
    router.on(.get, "/") { _ in .text("ok") }
    router.on(.post, "/") { .bytes(try await $0.body.collect()) }
    return router
  }

  private func limits() -> HTTPLimits {
    var limits = HTTPLimits()
    limits.headerTimeout = .milliseconds(150)
    limits.idleTimeout = .milliseconds(150)
    limits.progressTimeout = .milliseconds(150)
    return limits
  }

  @Test func aHeaderThatDoesNotEndIs408() async throws {
    try await withServer(router(), limits: limits()) { server in
      let answer = try await exchange(server, "GET / HTTP/1.1\r\nHost:")
      #expect(status(answer) == 408)
    }
  }

  /// Each byte comes in time; the whole does not.
  @Test func drippingAHeaderDoesNotHelp() async throws {
    var limits = limits()
    limits.headerCount = .max
    limits.headerBytes = .max
    try await withServer(router(), limits: limits) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n")
      let answered = Signal()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while !answered.hasFired, await socket.send("A: b\r\n") {}
        }
        let answer = try await socket.receiveAll()
        #expect(status(answer) == 408)
        answered.fire()
        try await group.waitForAll()
      }
    }
  }

  @Test func silentConnectionsAreClosed() async throws {
    try await withServer(router(), limits: limits()) { server in
      let silent = try RawSocket(port: server.port)
      #expect(try await silent.receiveAll() == "")
      let idle = try RawSocket(port: server.port)
      await idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let answer = try await idle.receiveAll()
      #expect(body(answer) == "ok")
    }
  }

  @Test func aBodyWithoutProgressIs408() async throws {
    try await withServer(router(), limits: limits()) { server in
      let response = try await exchange(server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
      #expect(status(response) == 408)
    }
  }

  @Test func aClientThatDoesNotReadLosesItsConnection() async throws {
    let failure = Mutex<(any Error)?>(nil)
    let failed = Signal()
    var router = Router()
    router.on(.get, "/") { _ in
      .stream(contentType: "text/plain") { writer in
        do {
          while true {
            try await writer.write([UInt8](repeating: 65, count: 100_000))
          }
        } catch {
          failure.withLock { $0 = error }
          failed.fire()
          throw error
        }
      }
    }
    try await withServer(router, limits: limits()) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      await failed.wait()
    }
    #expect(failure.withLock { $0 } != nil)
  }
}
