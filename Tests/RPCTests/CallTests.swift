import Core
import Logging
import RingmasterMessages
import RingmasterServices
import Synchronization
import Testing
import Tracing
import Wire

@testable import RPC

/// One call from end to end, over a real socket.
@Suite struct CallTests {
  private static let echo: Handler = { request, _ in request }

  @Test(arguments: RPCCode.allCases.filter { $0 != .ok }) func everyStatusReachesTheCaller(code: RPCCode) async throws {
    let thrown = RPCError(code, "why: \(code)", retryAfter: .milliseconds(7))
    try await withServer(["Fail": { _, _ in throw thrown }]) { client, _ in
      let error = await #expect(throws: RPCError.self) { try await client.call("Fail") }
      #expect(error == thrown)
    }
  }

  @Test func whatAHandlerDoesNotMapIsNotToldToTheCaller() async throws {
    struct Secret: Error {}
    let sink = CapturingSink()
    let logger = Logger(label: "test", level: .debug, sink: sink)
    try await withServer(["Fail": { _, _ in throw Secret() }], logger: logger) { client, _ in
      let error = await #expect(throws: RPCError.self) { try await client.call("Fail") }
      #expect(error == RPCError(.unknown, "internal error"))
    }
    #expect(sink.lines.contains { $0.contains("rpc handler failed") && $0.contains("Secret") })
  }

  @Test func aMethodThatNobodyServesIsUnimplemented() async throws {
    try await withServer(["Echo": Self.echo]) { client, _ in
      let error = await #expect(throws: RPCError.self) { try await client.call("Other") }
      #expect(error == RPCError(.unimplemented, "no method Test/Other here"))
    }
  }

  @Test func theContextTravels() async throws {
    let seen = Mutex<CallContext?>(nil)
    let handler: Handler = { request, context in
      seen.withLock { $0 = context }
      return request
    }
    let trace = TraceContext.random()
    try await withServer(["Look": handler]) { client, _ in
      var options = CallOptions.patient
      options.tenant = "acme"
      options.actor = "robot"
      options.idempotencyKey = "once"
      try await trace.withCurrent { _ = try await client.call(method("Look"), request: [], options: options) }
    }
    let context = try #require(seen.withLock { $0 })
    #expect(context.tenant == "acme" && context.actor == "robot" && context.idempotencyKey == "once")
    #expect(context.method == "Test/Look" && context.attempt == 0 && context.peer.hasPrefix("ipc:pid="))
    #expect(context.trace?.traceIDLow == trace.traceIDLow)
    #expect(context.deadline != nil)
  }

  @Test func manyCallsAtOnceEachGetTheirOwnAnswer() async throws {
    try await withServer(["Echo": Self.echo]) { client, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<300 {
          group.addTask {
            for turn in 0..<10 {
              let request = [UInt8](repeating: UInt8(truncatingIfNeeded: caller + turn), count: caller * 7 + turn)
              try await client.expect("Echo", request, answers: request)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func slowCallsDoNotHoldUpOthers() async throws {
    let (started, end) = (Signal(), Signal())
    let hold: Handler = { request, _ in
      started.fire()
      await end.wait()
      return request
    }
    try await withServer(["Hold": hold, "Echo": Self.echo]) { client, _ in
      let held = Task { try await client.call("Hold", [1]) }
      await started.wait()
      for _ in 0..<100 { try await client.expect("Echo", [2], answers: [2]) }
      end.fire()
      #expect(try await held.value == [1])
    }
  }

  @Test func interceptorsWrapCallsInOrder() async throws {
    struct Adding: ServerInterceptor, ClientInterceptor {
      let byte: UInt8

      func intercept(
        _ method: MethodDescriptor, request: [UInt8], context: CallContext,
        next: @Sendable ([UInt8], CallContext) async throws -> [UInt8]
      ) async throws -> [UInt8] {
        guard context.tenant != "banned" else { throw RPCError(.permissionDenied, "banned") }
        var context = context
        context.actor += "\(byte)"
        return try await next(request + [byte], context) + [byte]
      }

      func intercept(
        _ method: MethodDescriptor, request: [UInt8], options: CallOptions,
        next: @Sendable ([UInt8], CallOptions) async throws -> [UInt8]
      ) async throws -> [UInt8] {
        var options = options
        options.tenant = options.tenant ?? (request == [0] ? "banned" : "acme")
        return try await next(request + [byte], options) + [byte]
      }
    }
    var serverOptions = RPCServerOptions()
    serverOptions.interceptors = [Adding(byte: 3), Adding(byte: 4)]
    var clientOptions = RPCClientOptions()
    clientOptions.interceptors = [Adding(byte: 1), Adding(byte: 2)]
    let handler: Handler = { request, context in request + Array("\(context.tenant)\(context.actor)".utf8) }
    try await withServer(["Do": handler], options: serverOptions, clientOptions: clientOptions) { client, _ in
      try await client.expect("Do", [9], answers: [9, 1, 2, 3, 4] + Array("acme34".utf8) + [4, 3, 2, 1])
      let code = try await code { try await client.call("Do", [0]) }
      #expect(code == .permissionDenied)
    }
  }

  @Test func everyServerTellsItsHealthAndItsMethods() async throws {
    try await withServer(["B": Self.echo, "A": Self.echo]) { client, _ in
      let health = HealthClient(client)
      #expect(try await health.check(HealthCheckRequest(), options: .patient).status == .serving)
      #expect(try await health.check(HealthCheckRequest(service: "Test"), options: .patient).status == .serving)
      let error = await #expect(throws: RPCError.self) {
        try await health.check(HealthCheckRequest(service: "Nobody"), options: .patient)
      }
      #expect(error?.code == .notFound)
      let methods = try await health.list(ListMethodsRequest(), options: .patient).methods
      #expect(
        methods.map { "\($0.service)/\($0.name)" } == [
          "Test/A", "Test/B", "ringmaster.v1.Health/Check", "ringmaster.v1.Health/List",
        ])
    }
  }

  @Test(arguments: [0, 1, 1 << 20]) func messagesUpToTheLimitTravel(size: Int) async throws {
    try await withSmallLimits { client in
      let request = [UInt8](repeating: 7, count: size)
      try await client.expect("Echo", request, answers: request)
    }
  }

  @Test func messagesBeyondTheLimitAreRefusedClearly() async throws {
    try await withSmallLimits { client in
      let request = [UInt8](repeating: 7, count: 1 << 20 + 1)
      let refused = await #expect(throws: RPCError.self) { try await client.call("Echo", request) }
      #expect(
        refused
          == RPCError(
            .resourceExhausted, "the request of Test/Echo has 1048577 bytes; the limit is 1048576"))
      let answer = await #expect(throws: RPCError.self) { try await client.call("Grow", request.dropLast()) }
      #expect(answer == RPCError(.resourceExhausted, "the response has 1048577 bytes; the limit is 1048576"))
      try await client.expect("Echo", [1], answers: [1])
    }
  }

  @Test func aClientWithALargerLimitIsToldOrCutOff() async throws {
    var options = RPCServerOptions()
    options.maximumMessageBytes = 1 << 20
    try await withServer(["Echo": Self.echo], options: options) { client, _ in
      let told = await #expect(throws: RPCError.self) {
        try await client.call("Echo", [UInt8](repeating: 7, count: 1 << 20 + 1))
      }
      #expect(told == RPCError(.resourceExhausted, "the request has more than 1048576 bytes"))
      // Past what the server reads at all, the connection ends, and the call with it.
      let code = try await code { try await client.call("Echo", [UInt8](repeating: 7, count: 3 << 20)) }
      #expect(code == .unavailable)
      try await client.expect("Echo", [1], isIdempotent: true, answers: [1])
    }
  }

  private func withSmallLimits(_ body: (RPCClient) async throws -> Void) async throws {
    var options = RPCServerOptions()
    options.maximumMessageBytes = 1 << 20
    var clientOptions = RPCClientOptions()
    clientOptions.maximumMessageBytes = 1 << 20
    let grow: Handler = { request, _ in request + [1] }
    try await withServer(["Echo": Self.echo, "Grow": grow], options: options, clientOptions: clientOptions) {
      client, _ in try await body(client)
    }
  }
}
