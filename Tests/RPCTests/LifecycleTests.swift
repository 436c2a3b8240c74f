import Core
import RingmasterMessages
import RingmasterServices
import Testing

@testable import RPC

/// Servers that stop: what was begun is finished, nothing new is taken, and another may start in the same place.
@Suite struct LifecycleTests {
  @Test func drainingFinishesWhatWasBegunAndTakesNothingNew() async throws {
    let (started, end) = (Signal(), Signal())
    let hold: Handler = { request, _ in
      started.fire()
      await end.wait()
      return request
    }
    var options = RPCClientOptions()
    options.connectTimeout = .milliseconds(100)
    try await withServer(["Hold": hold, "Echo": { request, _ in request }], clientOptions: options) { client, server in
      let held = Task { try await client.call("Hold", [5]) }
      await started.wait()
      let drained = Signal()
      let drain = Task {
        await server.drain()
        drained.fire()
      }
      // The client is told, and offers the server no more calls.
      while client.isConnected { await Task.yield() }
      let error = await #expect(throws: RPCError.self) { try await client.call("Echo", [1]) }
      #expect(error?.code == .unavailable)
      // Who comes now is refused, but hears how the server is.
      try await withClient(of: server.boundEndpoints, options: options) { other in
        #expect(try await HealthClient(other).check(HealthCheckRequest(), options: .patient).status == .notServing)
        let code = try await code { try await other.call("Echo", [1]) }
        #expect(code == .unavailable)
      }
      end.fire()
      #expect(try await held.value == [5])
      await drained.wait()
      await drain.value
    }
  }

  @Test func stoppingWithoutDrainingCancelsTheHandlers() async throws {
    let hold = DeadlineTests.Holding()
    let server = RPCServer(endpoints: [freeEndpoint()], services: [TestService(["Hold": hold.handler])])
    try server.listen()
    let run = Task { try await server.run() }
    try await withClient(of: server.boundEndpoints) { client in
      let call = Task { try await client.call("Hold") }
      await hold.started.wait()
      run.cancel()
      await hold.cancelled.wait()
      let error = await #expect(throws: RPCError.self) { try await call.value }
      #expect(error?.code == .unavailable)
    }
    try await run.value
  }

  @Test(arguments: [freeEndpoint(), "tcp://127.0.0.1:0"]) func serversFollowEachOther(at first: String) async throws {
    var endpoint = first
    var options = RPCClientOptions()
    options.reconnectMinimum = .milliseconds(1)
    options.reconnectMaximum = .milliseconds(20)
    var client: RPCClient?
    for round in 0..<30 {
      let server = RPCServer(endpoints: [endpoint], services: [TestService(["Round": { _, _ in [UInt8(round)] }])])
      try await withRunning(server) {
        endpoint = server.boundEndpoints[0]
        let caller = try client ?? RPCClient(endpoints: [endpoint], options: options)
        client = caller
        // May be sent to the server that just went: so it is one that may be repeated.
        try await caller.expect("Round", isIdempotent: true, answers: [UInt8(round)])
        if round % 2 == 0 { await server.drain() }
      }
    }
    await client?.close()
  }

  @Test func aServerRunsOnce() async throws {
    let server = RPCServer(endpoints: [freeEndpoint()], services: [])
    try await withRunning(server) {
      try await withClient(of: server.boundEndpoints) { client in
        let code = try await code { try await client.call("Any") }
        #expect(code == .unimplemented)
      }
      let error = await #expect(throws: RPCError.self) { try await server.run() }
      #expect(error?.code == .failedPrecondition)
    }
  }

  @Test func aClosedClientSaysSo() async throws {
    try await withServer(["Echo": { request, _ in request }]) { _, server in
      let client = try RPCClient(endpoints: server.boundEndpoints)
      try await client.expect("Echo", [1], answers: [1])
      await client.close()
      await client.close()
      let code = try await code { try await client.call("Echo", [1]) }
      #expect(code == .unavailable)
    }
  }

  /// What nng would not end, the supervisor does: it hears of it by the status.
  @Test func aProcessWithAConnectionThatDoesNotEndEnds() async {
    await #expect(processExitsWith: .exitCode(70)) { endStuckProcess(.discarding, "ipc:///nowhere") }
  }
}
