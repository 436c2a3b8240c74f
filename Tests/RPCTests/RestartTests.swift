import Core
import Glibc
import Synchronization
import Testing

@testable import RPC

/// Servers that are killed, stopped and started anew, again and again, under traffic: the client always finds them again.
///
/// `RINGMASTER_RPC_RESTARTS` makes the rounds more (the default keeps the test short).
@Suite struct RestartTests {
  private static let rounds =
    getenv("RINGMASTER_RPC_RESTARTS").flatMap { Int(String(cString: $0)) } ?? 12

  /// Far more than it takes to connect again, or to find out that a server is silent.
  private static let bound = CallOptions(deadline: .seconds(20))

  @Test(arguments: ["ipc", "tcp"]) func theClientComesBack(over transport: String) async throws {
    let path = try Program.beside("rpc-test-server")
    let program = try Program(path, [transport == "ipc" ? freeEndpoint() : "tcp://127.0.0.1:0", "0"])
    let endpoint = try #require(await program.line())
    var options = RPCClientOptions()
    options.keepaliveInterval = .milliseconds(300)
    options.keepaliveTimeout = .milliseconds(300)
    options.connectTimeout = .seconds(20)
    try await withClient(of: [endpoint], options: options) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<16 { group.addTask { await traffic(number, to: client) } }
        try await restart(program, path, endpoint, client)
        group.cancelAll()
      }
    }
  }

  private func restart(_ first: Program, _ path: String, _ endpoint: String, _ client: RPCClient) async throws {
    var program = first
    var generator = SeededGenerator(seed: 1)
    for round in 1...Self.rounds {
      switch Int.random(in: 0..<4, using: &generator) {
      case 0:
        program.signal(SIGSTOP)
        await wait(client, milliseconds: .random(in: 1...400, using: &generator))
        if Bool.random(using: &generator) {
          program.signal(SIGCONT)
          try await answers(client)
        }
      case 1: await wait(client, milliseconds: .random(in: 1...20, using: &generator))
      default: break
      }
      program.kill()
      if Int.random(in: 0..<3, using: &generator) == 0 { await wait(client, milliseconds: 30) }
      program = try Program(path, [endpoint, "\(round)"])
      #expect(await program.line() == endpoint)
      try await answers(client, name: "\(round)")
    }
  }

  /// Small calls, and large ones, which no system takes at once, in a row until cancelled.
  private func traffic(_ number: Int, to client: RPCClient) async {
    let request = [UInt8](repeating: UInt8(number), count: number % 8 == 7 ? 500_000 : 100 * number)
    while !Task.isCancelled {
      _ = try? await client.call(method("Echo"), request: request, options: CallOptions(deadline: .seconds(1)))
    }
  }

  private func answers(_ client: RPCClient, name: String? = nil) async throws {
    let answer = try await client.call(method("Name", isIdempotent: true), request: [], options: Self.bound)
    if let name { #expect(answer == Array(name.utf8)) }
  }

  /// Lets time pass with a call that nobody answers.
  private func wait(_ client: RPCClient, milliseconds: Int) async {
    _ = try? await client.call(
      method("Hold"), request: [], options: CallOptions(deadline: .milliseconds(milliseconds)))
  }
}
