import Core
import Logging
import Metrics
import Synchronization
import Testing

@testable import HTTP

@Suite struct DrainTests {
  @Test func runningRequestsFinishAndIdleConnectionsClose() async throws {
    let entered = Signal()
    let goOn = Signal()
    var router = Router()
    router.on(.get, "/slow") { _ in
      entered.fire()
      await goOn.wait()
      return .text("done")
    }
    router.on(.get, "/fast") { _ in .text("ok") }
    try await withServer(router) { server in
      let idle = try RawSocket(port: server.port)
      await idle.send("GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await idle.receive(until: "ok")
      let busy = try RawSocket(port: server.port)
      await busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
      await entered.wait()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await server.drain() }
        #expect(try await idle.receiveAll() == "")
        #expect(throws: SocketFailure.self) { try RawSocket(port: server.port) }
        goOn.fire()
        let response = try await busy.receiveAll()
        #expect(body(response) == "done")
        #expect(response.range(of: "Connection: close\r\n") != nil)
        try await group.waitForAll()
      }
    }
  }

  @Test func requestsThatDoNotEndAreCancelledAtTheDeadline() async throws {
    let entered = Signal()
    let router = stuckRouter(entered)
    var limits = HTTPLimits()
    limits.drainTimeout = .milliseconds(50)
    try await withServer(router, limits: limits) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      await entered.wait()
      await server.drain()
    }
  }

  @Test func eventStreamsEndInGoodOrder() async throws {
    var router = Router()
    router.on(.get, "/") { _ in
      .serverSentEvents { events in
        try await events.send(data: "first")
        await Signal().wait()
      }
    }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await socket.receive(until: "first")
      await server.drain()
      #expect(try await socket.receiveAll() == "0\r\n\r\n")
    }
  }

  @Test func drainingWhatNeverRanReturns() async throws {
    let new = HTTPServer(
      address: "http://127.0.0.1:0", router: Router(), logger: .discarding, metrics: MetricsRegistry())
    await new.drain()
    try await new.run()
    let bound = HTTPServer(
      address: "http://127.0.0.1:0", router: Router(), logger: .discarding, metrics: MetricsRegistry())
    try bound.listen()
    await bound.drain()
    try await bound.run()
    await bound.drain()
  }

  /// Starts and stops with a request on the way, in many interleavings.
  @Test(arguments: 0..<100) func startsAndStops(round: Int) async throws {
    var router = Router()
    router.on(.get, "/") { _ in .text("ok") }
    try await withServer(router) { server in
      let socket = try RawSocket(port: server.port)
      await socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      if round % 2 == 0 {
        _ = try await socket.receive(until: "ok")
      }
      async let first: Void = server.drain()
      await server.drain()
      await first
    }
  }

  @Test func cancellingRunEndsEverything() async throws {
    let entered = Signal()
    let router = stuckRouter(entered)
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let socket = try? RawSocket(port: server.port)
      await socket?.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      await entered.wait()
      group.cancelAll()
    }
  }
}
