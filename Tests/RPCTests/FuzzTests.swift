import Core
import Glibc
import RingmasterMessages
import Synchronization
import TestSupport
import Testing

@testable import RPC

/// A peer that speaks the wire itself, and wrongly: noise, mutated envelopes, absurd lengths, greetings that are none,
/// ends at any place. Nothing crashes, nothing is kept, and who keeps to the protocol is served as before.
///
/// The seed is the argument: a failure names what to run again.
@Suite struct FuzzTests {
  private static let inputsPerRun = 1_300
  /// What allocators, and the tests that run beside, may keep for themselves.
  private static let memoryTolerance = 48 << 20
  private static let runs = (UInt64(1)...4).flatMap { seed in ["ipc", "tcp"].map { Run(seed: seed, transport: $0) } }

  struct Run: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var transport: String
    var testDescription: String { "seed \(seed) over \(transport)" }
    var endpoint: String { transport == "ipc" ? freeEndpoint() : "tcp://127.0.0.1:0" }
  }

  @Test(arguments: runs) func theServerTakesAnything(run: Run) async throws {
    let echo: Handler = { request, _ in request }
    try await withServer(["Echo": echo], at: [run.endpoint]) { client, server in
      let place = try #require(WireSocket.Place(server.boundEndpoints[0]))
      try await client.expect("Echo", [1], answers: [1])
      var generator = Input(run.seed, isPath: place.isPath, role: .client)
      var before = 0
      for round in 0..<10 {
        if round == 5 { before = ProcessFigures.residentBytes() }
        generator = await WireSocket.onThread { [generator] in
          var generator = generator
          var open: [WireSocket] = []
          for _ in 0..<Self.inputsPerRun / 10 {
            guard let wire = try? WireSocket.connect(to: place) else { continue }
            wire.send(generator.stream())
            generator.leave(wire, &open)
          }
          return generator
        }
        try await client.expect("Echo", [UInt8(round)], answers: [UInt8(round)])
      }
      #expect(ProcessFigures.residentBytes() - before < Self.memoryTolerance)
      try await withClient(of: server.boundEndpoints) { try await $0.expect("Echo", [2], answers: [2]) }
    }
  }

  @Test(arguments: runs) func theClientTakesAnything(run: Run) async throws {
    let path = freeEndpoint()
    let listener = try WireSocket.listen(on: run.transport == "ipc" ? .path(String(path.dropFirst(6))) : .port(0))
    let endpoint = run.transport == "ipc" ? path : "tcp://127.0.0.1:\(listener.port)"
    var options = RPCClientOptions()
    options.reconnectMinimum = .milliseconds(1)
    options.reconnectMaximum = .milliseconds(2)
    options.keepaliveInterval = .milliseconds(50)
    options.keepaliveTimeout = .milliseconds(50)
    options.connectTimeout = .seconds(60)
    options.retryBackoff = Backoff(initial: .milliseconds(1), maximum: .milliseconds(2))
    // Several, because each waits a little before it connects again.
    let clients = try (0..<8).map { _ in try RPCClient(endpoints: [endpoint], options: options) }
    await withTaskGroup(of: Void.self) { group in
      for client in clients + clients {
        group.addTask {
          let terms = CallOptions(deadline: .milliseconds(20))
          while !Task.isCancelled { _ = try? await client.call(method("Echo"), request: [1], options: terms) }
        }
      }
      await answer(Input(run.seed, isPath: run.transport == "ipc", role: .server), at: listener)
      group.cancelAll()
    }
    listener.shut()
    if run.transport == "ipc" { unlink(String(path.dropFirst(6))) }
    let server = RPCServer(endpoints: [endpoint], services: [TestService(["Echo": { request, _ in request }])])
    try await withRunning(server) {
      for client in clients {
        try await client.expect("Echo", [9], isIdempotent: true, answers: [9])
        await client.close()
      }
    }
  }

  /// Greets and answers each client that connects in its own way.
  private func answer(_ input: Input, at listener: WireSocket) async {
    var input = input
    var before = 0
    for half in 0..<2 {
      if half == 1 { before = ProcessFigures.residentBytes() }
      input = await WireSocket.onThread { [input] in
        var input = input
        var open: [WireSocket] = []
        for _ in 0..<Self.inputsPerRun / 2 {
          guard let wire = try? listener.accept() else { break }
          wire.send(input.stream(answering: wire))
          input.leave(wire, &open)
        }
        return input
      }
    }
    #expect(ProcessFigures.residentBytes() - before < Self.memoryTolerance)
  }
}

/// What a hostile peer says, and how it goes.
struct Input: Sendable {
  enum Role: Sendable {
    case client
    case server
  }

  private var generator: SeededGenerator
  private let isPath: Bool
  private let role: Role

  init(_ seed: UInt64, isPath: Bool, role: Role) {
    generator = SeededGenerator(seed: seed)
    self.isPath = isPath
    self.role = role
  }

  /// Everything that is said on one connection. A server hears what a client asks first, now and then, and answers that.
  mutating func stream(answering wire: WireSocket? = nil) -> [UInt8] {
    var greeting: [UInt8] = [0, 0x53, 0x50, 0, 0, role == .client ? 0x30 : 0x31, 0, 0]
    let isGreetingSound = !one(in: 8)
    if !isGreetingSound { greeting = mutated(greeting) }
    var request: [UInt8] = []
    if let wire, isGreetingSound, one(in: 2) {
      wire.send(greeting)
      var heard: [UInt8] = []
      while heard.count < 20 + (isPath ? 1 : 0) {
        let bytes = wire.receive()
        guard !bytes.isEmpty else { break }
        heard += bytes
      }
      request = Array(heard.dropFirst(16 + (isPath ? 1 : 0)).prefix(4))
      greeting = []
    }
    return (0..<Int.random(in: 0...4, using: &generator)).reduce(greeting) { bytes, _ in bytes + message(request) }
  }

  /// One message, mostly with something wrong.
  private mutating func message(_ known: [UInt8]) -> [UInt8] {
    var body = known.count == 4 ? known : (0..<4).map { _ in .random(in: 0...255, using: &generator) }
    if !one(in: 16) { body[0] |= 0x80 }
    let envelope = role == .client ? calls() : results()
    body += one(in: 4) ? envelope : mutated(envelope)
    if one(in: 16) { body = Array(body.prefix(Int.random(in: 0...5, using: &generator))) }
    var length = UInt64(body.count)
    if one(in: 12) {
      length = [0, 3, 1 << 20, 8 << 20, 9 << 20, 1 << 32, 1 << 63, .max].randomElement(using: &generator) ?? 0
    }
    let kind: [UInt8] = isPath ? [one(in: 32) ? 7 : 1] : []
    let framed = kind + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + body
    return one(in: 6) ? Array(framed.prefix(Int.random(in: 0...framed.count, using: &generator))) : framed
  }

  private mutating func calls() -> [UInt8] {
    var batch = RpcBatch()
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      batch.calls.append(
        RpcCall(
          id: .random(in: 0...5, using: &generator), method: one(in: 3) ? "Test/None" : "Test/Echo",
          request: [UInt8](repeating: 7, count: Int.random(in: 0...3_000, using: &generator)),
          timeoutMicroseconds: one(in: 2) ? .random(in: 0...100_000, using: &generator) : 0, traceparent: "x",
          tenant: "tenant", actor: "actor", idempotencyKey: "key", attempt: 1))
    }
    batch.cancels = (0..<Int.random(in: 0...2, using: &generator)).map { _ in .random(in: 0...5, using: &generator) }
    batch.answerAtOnce = one(in: 2)
    return batch.encoded()
  }

  private mutating func results() -> [UInt8] {
    var batch = RpcBatch()
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      batch.results.append(
        RpcResult(
          id: 1 << 24 | .random(in: 0...5, using: &generator), code: .random(in: 0...20, using: &generator),
          message: "why", response: [UInt8](repeating: 7, count: Int.random(in: 0...3_000, using: &generator)),
          retryAfterMicroseconds: .random(in: 0...1_000, using: &generator), notStarted: one(in: 2)))
    }
    batch.draining = one(in: 8)
    return batch.encoded()
  }

  /// Bytes changed, lost, put in or repeated; now and then noise instead.
  private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    if one(in: 10) {
      return (0..<Int.random(in: 0...300, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
    }
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &generator)
      let end = min(bytes.count, at + Int.random(in: 1...20, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[at] = .random(in: 0...255, using: &generator)
      case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes.removeSubrange(at..<end)
      case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
      default: bytes.removeSubrange(at...)
      }
    }
    return bytes
  }

  /// Closes the connection, resets it, finishes one direction, or keeps it with up to fifteen others. A server does not:
  /// its client would not come again before it has found that out.
  mutating func leave(_ wire: WireSocket, _ open: inout [WireSocket]) {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: wire.resetOnClose()
    case 1:
      wire.finishWriting()
      open.append(wire)
    case 2: if role == .client { open.append(wire) }
    default: break
    }
    if open.count > 15 { open.removeFirst(8) }
  }

  private mutating func one(in many: Int) -> Bool { Int.random(in: 0..<many, using: &generator) == 0 }
}
