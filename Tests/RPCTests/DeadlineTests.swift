import Core
import Synchronization
import Testing

@testable import RPC

/// How calls end early: deadlines, cancellation, a client that goes.
@Suite struct DeadlineTests {
  /// A handler that waits until it is cancelled, and tells both.
  final class Holding: Sendable {
    let started = Signal()
    let cancelled = Signal()
    let starts = Tally()
    let context = Mutex<CallContext?>(nil)

    var handler: Handler {
      { _, context in
        self.context.withLock { $0 = context }
        self.starts.add()
        self.started.fire()
        defer { self.cancelled.fire() }
        _ = try await BoundedQueue<Void>(capacity: 1).next()
        return []
      }
    }
  }

  @Test func aDeadlineEndsTheCallAndItsHandler() async throws {
    let holding = Holding()
    try await withServer(["Hold": holding.handler]) { client, _ in
      let error = await #expect(throws: RPCError.self) {
        try await client.call(method("Hold"), request: [], options: CallOptions(deadline: .milliseconds(300)))
      }
      #expect(error?.code == .deadlineExceeded)
      // On a machine that is too busy the call may never have arrived.
      if holding.starts.count > 0 { await holding.cancelled.wait() }
    }
  }

  @Test func aDeadlineThatHasPassedIsNotWaitedFor() async throws {
    let calls = Tally()
    try await withServer(["Do": { _, _ in [UInt8(calls.add())] }]) { client, _ in
      for deadline in [Duration.zero, .seconds(-5)] {
        let error = await #expect(throws: RPCError.self) {
          try await client.call(method("Do"), request: [], options: CallOptions(deadline: deadline))
        }
        #expect(error?.code == .deadlineExceeded)
      }
      try await client.expect("Do", answers: [1])
    }
  }

  @Test func nestedCallsInheritDeadlineTenantActorAndCancellation() async throws {
    let inner = Holding()
    let outer = Mutex<CallContext?>(nil)
    try await withServer(["Inner": inner.handler]) { innerClient, _ in
      let relay: Handler = { request, context in
        outer.withLock { $0 = context }
        return try await innerClient.call(
          method("Inner"), request: request, options: CallOptions(deadline: .seconds(36_000)))
      }
      try await withServer(["Outer": relay]) { client, _ in
        var options = CallOptions(deadline: .seconds(600))
        options.tenant = "acme"
        options.actor = "robot"
        let task = Task { [options] in try await client.call(method("Outer"), request: [], options: options) }
        await inner.started.wait()
        let context = try #require(inner.context.withLock { $0 })
        #expect(context.tenant == "acme" && context.actor == "robot")
        let deadline = try #require(context.deadline)
        #expect(ContinuousClock.now.duration(to: deadline) <= .seconds(600))
        #expect(outer.withLock { $0?.deadline } != nil)
        task.cancel()
        await inner.cancelled.wait()
        await #expect(throws: CancellationError.self) { try await task.value }
      }
    }
  }

  @Test func cancellationReachesTheHandler() async throws {
    let holding = Holding()
    try await withServer(["Hold": holding.handler, "Echo": { request, _ in request }]) { client, _ in
      let task = Task { try await client.call("Hold") }
      await holding.started.wait()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      await holding.cancelled.wait()
      try await client.expect("Echo", [1], answers: [1])
    }
  }

  @Test func aCallCancelledBeforeItIsMadeIsNotMade() async throws {
    let calls = Tally()
    try await withServer(["Do": { _, _ in [UInt8(calls.add())] }]) { client, _ in
      try await client.expect("Do", answers: [1])
      let gate = Signal()
      let task = Task {
        await gate.wait()
        return try await client.call("Do")
      }
      task.cancel()
      gate.fire()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test func handlersOfAClientThatGoesAreCancelled() async throws {
    let holding = Holding()
    try await withServer(["Hold": holding.handler]) { _, server in
      let client = try RPCClient(endpoints: server.boundEndpoints)
      let task = Task { try await client.call("Hold") }
      await holding.started.wait()
      await client.close()
      await holding.cancelled.wait()
      let error = await #expect(throws: RPCError.self) { try await task.value }
      #expect(error?.code == .unavailable)
    }
  }
}
