import Core
import Synchronization
import Testing

@testable import RPC

/// Several servers behind one client: balancing, fail-over, and processes that die.
@Suite struct EndpointTests {
  @Test func callsGoWhereTheFewestAreUnderWay() async throws {
    let holds = (0..<3).map { _ in DeadlineTests.Holding() }
    let started = BoundedQueue<Int>(capacity: 64)
    let servers = holds.indices.map { index in
      RPCServer(
        endpoints: [freeEndpoint()],
        services: [
          TestService([
            "Name": { _, _ in [UInt8(index)] },
            "Hold": { request, context in
              _ = started.offer(index)
              return try await holds[index].handler(request, context)
            },
          ])
        ])
    }
    try await withRunning(servers[0]) {
      try await withRunning(servers[1]) {
        try await withRunning(servers[2]) {
          try await withClient(of: servers.flatMap(\.boundEndpoints)) { client in
            try await untilAllAnswer(client, count: 3)
            let tasks = (0..<12).map { _ in Task { try await client.call("Hold") } }
            for _ in tasks { _ = try await started.next() }
            #expect(holds.map(\.starts.count).allSatisfy { $0 >= 1 })
            for task in tasks { task.cancel() }
            for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
            // One after the other, so that nothing is decided at the same moment: now they are spread evenly.
            let before = holds.map(\.starts.count)
            var more: [Task<[UInt8], any Error>] = []
            for _ in 0..<12 {
              more.append(Task { try await client.call("Hold") })
              _ = try await started.next()
            }
            #expect(zip(holds, before).map { $0.starts.count - $1 } == [4, 4, 4])
            for task in more { task.cancel() }
          }
        }
      }
    }
  }

  @Test func aServerThatStopsCostsNoCall() async throws {
    func server(_ name: UInt8) -> RPCServer {
      RPCServer(endpoints: [freeEndpoint()], services: [TestService(["Name": { _, _ in [name] }])])
    }
    let (staying, leaving) = (server(1), server(2))
    try leaving.listen()
    try await withRunning(staying) {
      try await withClient(of: staying.boundEndpoints + leaving.boundEndpoints) { client in
        try await withThrowingTaskGroup(of: Void.self) { group in
          let run = Task { try await leaving.run() }
          try await untilAllAnswer(client, count: 2)
          for _ in 0..<8 {
            group.addTask {
              for _ in 0..<100 { _ = try await client.call("Name", isIdempotent: true) }
            }
          }
          await leaving.drain()
          run.cancel()
          try await run.value
          try await group.waitForAll()
        }
        for _ in 0..<10 { try await client.expect("Name", answers: [1]) }
      }
    }
  }

  @Test func aClientWaitsForAServerThatStartsLater() async throws {
    let endpoint = freeEndpoint()
    var options = RPCClientOptions()
    options.connectTimeout = .seconds(60)
    try await withClient(of: [endpoint], options: options) { client in
      let answer = Task { try await client.call("Name") }
      let server = RPCServer(endpoints: [endpoint], services: [TestService(["Name": { _, _ in [7] }])])
      try await withRunning(server) {
        let answered = try await answer.value
        #expect(answered == [7])
      }
    }
  }

  @Test func withoutAnyServerTheCallerIsToldWhatIsMissing() async throws {
    var options = RPCClientOptions()
    options.connectTimeout = .milliseconds(50)
    let endpoint = freeEndpoint()
    try await withClient(of: [endpoint], options: options) { client in
      let error = await #expect(throws: RPCError.self) { try await client.call("Name") }
      #expect(error == RPCError(.unavailable, "no connection to \(endpoint)"))
    }
  }

  /// SIGKILL in the middle of a call: the caller hears of it, and the next call goes to the server that is left.
  @Test func aProcessThatIsKilledFailsItsCallsAndNoOthers() async throws {
    let path = try Program.beside("rpc-test-server")
    let endpoints = (0..<2).map { _ in freeEndpoint() }
    let programs = try endpoints.enumerated().map { try Program(path, [$1, "\($0)"]) }
    for (program, endpoint) in zip(programs, endpoints) { #expect(await program.line() == endpoint) }
    try await withClient(of: endpoints) { client in
      try await untilAllAnswer(client, count: 2)
      let held = BoundedQueue<Int>(capacity: 2)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, program) in programs.enumerated() {
          group.addTask { if await program.line() == "held" { _ = held.offer(index) } }
        }
        let call = Task { try await client.call("Hold") }
        let victim = try #require(try await held.next())
        programs[victim].kill()
        let error = await #expect(throws: RPCError.self) { try await call.value }
        #expect(error?.code == .unavailable)
        for _ in 0..<10 { try await client.expect("Name", answers: Array("\(1 - victim)".utf8)) }
        // An idempotent call moves on by itself.
        let moved = Task { try await client.call("Hold", isIdempotent: true) }
        #expect(try await held.next() == 1 - victim)
        moved.cancel()
        programs[1 - victim].kill()
        try await group.waitForAll()
      }
    }
  }

  /// Calls until each of the servers has answered once: then all are connected.
  private func untilAllAnswer(_ client: RPCClient, count: Int) async throws {
    var names: Set<[UInt8]> = []
    while names.count < count { names.insert(try await client.call("Name")) }
  }
}
