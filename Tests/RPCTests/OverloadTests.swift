import Testing

@testable import RPC

/// A server that is full says so while it is: the calls that fill it are still at work when the answer comes.
@Suite struct OverloadTests {
  private func fill(_ options: RPCServerOptions, _ body: (RPCClient, RPCServer) async throws -> Void) async throws {
    let holds = (0..<3).map { _ in DeadlineTests.Holding() }
    let handlers = Dictionary(uniqueKeysWithValues: holds.indices.map { ("Hold\($0)", holds[$0].handler) })
    try await withServer(handlers, options: options) { client, server in
      let tasks = (0..<2).map { index in Task { try await client.call("Hold\(index)") } }
      for hold in holds[..<2] { await hold.started.wait() }
      try await body(client, server)
      for task in tasks { task.cancel() }
      for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
      for hold in holds[..<2] { await hold.cancelled.wait() }
      #expect(holds[2].starts.count == 0)
    }
  }

  @Test func aFullServerRefusesAtOnceAndStillTellsItsHealth() async throws {
    var options = RPCServerOptions()
    options.maximumCalls = 2
    try await fill(options) { client, server in
      // Idempotent all the same not repeated: whoever called decides.
      let error = await #expect(throws: RPCError.self) { try await client.call("Hold2", isIdempotent: true) }
      #expect(error == RPCError(.resourceExhausted, "the server is full"))
      try await withClient(of: server.boundEndpoints) { other in
        let error = await #expect(throws: RPCError.self) { try await other.call("Hold2") }
        #expect(error?.code == .resourceExhausted)
        let check = MethodDescriptor(
          service: "ringmaster.v1.Health", name: "Check", isIdempotent: true, requestType: "", responseType: "")
        _ = try await other.call(check, request: [], options: .patient)
      }
    }
  }

  @Test func oneConnectionCannotTakeAll() async throws {
    var options = RPCServerOptions()
    options.maximumCallsPerPeer = 2
    try await fill(options) { client, server in
      let error = await #expect(throws: RPCError.self) { try await client.call("Hold2") }
      #expect(error?.code == .resourceExhausted)
      try await withClient(of: server.boundEndpoints) { other in
        let error = await #expect(throws: RPCError.self) { try await other.call("Other") }
        #expect(error?.code == .unimplemented)
      }
    }
  }

  @Test func aClientBoundsWhatItHasUnderWay() async throws {
    let hold = DeadlineTests.Holding()
    var options = RPCClientOptions()
    options.maximumOutstandingCalls = 1
    try await withServer(["Hold": hold.handler], clientOptions: options) { client, _ in
      let task = Task { try await client.call("Hold") }
      await hold.started.wait()
      let error = await #expect(throws: RPCError.self) { try await client.call("Hold") }
      #expect(error?.code == .resourceExhausted)
      task.cancel()
    }
  }

  @Test func connectionsAreBounded() async throws {
    var options = RPCServerOptions()
    options.maximumPeers = 1
    try await withServer(["Echo": { request, _ in request }], options: options) { client, server in
      try await client.expect("Echo", [1], answers: [1])
      var clientOptions = RPCClientOptions()
      clientOptions.connectTimeout = .milliseconds(100)
      try await withClient(of: server.boundEndpoints, options: clientOptions) { other in
        let code = try await code { try await other.call("Echo", [1]) }
        #expect(code == .unavailable)
      }
      try await client.expect("Echo", [2], answers: [2])
    }
  }
}
