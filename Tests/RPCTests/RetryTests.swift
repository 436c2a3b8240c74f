import Core
import RingmasterMessages
import Synchronization
import Testing
import Wire

@testable import RPC

@Suite struct RetryTests {
  private static var hasty: RPCClientOptions {
    var options = RPCClientOptions()
    options.reconnectMinimum = .milliseconds(1)
    options.retryBackoff = Backoff(initial: .milliseconds(1), maximum: .milliseconds(2))
    return options
  }

  @Test func repetitionsCarryTheSameKeyAndCount() async throws {
    let seen = Mutex<[CallContext]>([])
    let handler: Handler = { _, context in
      let count = seen.withLock { seen in
        seen.append(context)
        return seen.count
      }
      if count % 3 != 0 { throw RPCError(.unavailable, "not yet") }
      return [UInt8(count)]
    }
    try await withServer(["Do": handler], clientOptions: Self.hasty) { client, _ in
      try await client.expect("Do", isIdempotent: true, answers: [3])
      try await client.expect("Do", isIdempotent: true, answers: [6])
    }
    let contexts = seen.withLock { $0 }
    #expect(contexts.map(\.attempt) == [0, 1, 2, 0, 1, 2])
    let keys = contexts.map(\.idempotencyKey)
    #expect(!keys[0].isEmpty && Set(keys[..<3]).count == 1 && Set(keys[3...]).count == 1 && keys[0] != keys[3])
  }

  @Test func whatIsNotIdempotentIsTriedOnce() async throws {
    let calls = Tally()
    let handler: Handler = { _, context in
      calls.add()
      #expect(context.idempotencyKey.isEmpty)
      throw RPCError(.unavailable, "no")
    }
    try await withServer(["Do": handler], clientOptions: Self.hasty) { client, _ in
      let code = try await code { try await client.call("Do") }
      #expect(code == .unavailable)
    }
    #expect(calls.count == 1)
  }

  @Test(arguments: [false, true]) func aLostConnectionIsRetriedOnlyIfIdempotent(isIdempotent: Bool) async throws {
    let server = try ScriptedServer { _ in .hangUp }
    try await withClient(of: [server.endpoint], options: Self.hasty) { client in
      let code = try await code { try await client.call("Do", isIdempotent: isIdempotent) }
      #expect(code == .unavailable)
    }
    #expect(server.messages.count == (isIdempotent ? 4 : 1))
    await server.stop()
  }

  @Test func aServerThatFallsSilentIsGivenUp() async throws {
    let server = try ScriptedServer { _ in .silence }
    var options = Self.hasty
    options.keepaliveInterval = .milliseconds(30)
    options.keepaliveTimeout = .milliseconds(30)
    try await withClient(of: [server.endpoint], options: options) { client in
      let code = try await code { try await client.call("Do") }
      #expect(code == .unavailable)
    }
    await server.stop()
  }

  @Test func aServerThatWorksLongIsProbedAndNotGivenUp() async throws {
    let probes = Tally()
    let held = Mutex<UInt64>(0)
    let server = try ScriptedServer { bytes in
      guard let batch = try? RpcBatch.decode(bytes) else { return .hangUp }
      if let call = batch.calls.first {
        held.withLock { $0 = call.id }
        return .silence
      }
      guard probes.add() == 2 else { return .answer([]) }
      return .answer(RpcBatch(results: [RpcResult(id: held.withLock { $0 }, response: [42])]).encoded())
    }
    var options = Self.hasty
    options.keepaliveInterval = .milliseconds(10)
    options.keepaliveTimeout = .seconds(60)
    try await withClient(of: [server.endpoint], options: options) { client in
      try await client.expect("Do", answers: [42])
    }
    #expect(probes.count >= 2)
    await server.stop()
  }
}
