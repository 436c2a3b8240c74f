import Core
import Logging
import Metrics
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Testing
import Wire

@testable import AutoDialer

/// What the placer asks of the bridge, over real RPC, when a number came onto a list after its permit.
@Suite struct TakingBackTests {
  /// Answers as a bridge does, and remembers what it was asked.
  private final class Bridge: MediaServiceHandler, KnowledgeServiceHandler {
    let placed = Mutex<[PlaceCallRequest]>([])
    let hungUp = Mutex<[String]>([])
    /// It holds every call back for a provider that takes none now.
    let holdsBack = Mutex(false)
    /// It does not answer before this is closed.
    let stuck = Mutex<BoundedQueue<Never>?>(nil)
    let hasAnswered = Mutex(false)

    func placeCall(_ request: PlaceCallRequest, context: CallContext) async throws -> MediaCall {
      placed.withLock { $0.append(request) }
      if let stuck = stuck.withLock({ $0 }) { _ = try? await stuck.next() }
      hasAnswered.withLock { $0 = true }
      if holdsBack.withLock({ $0 }) { throw RPCError(.unavailable, "the provider takes no call now") }
      guard let expiresAt = request.permit?.expiresAt?.instant, Dialers.monday < expiresAt else {
        throw RPCError(.failedPrecondition, "the permit ran out")
      }
      return MediaCall(callId: request.permit?.callId ?? "", state: .initiated)
    }

    func getMediaCall(_ request: CallReference, context: CallContext) async throws -> MediaCall {
      throw RPCError(.notFound, "no call")
    }

    func hangUp(_ request: CallReference, context: CallContext) async throws -> MediaCall {
      hungUp.withLock { $0.append(request.callId) }
      return MediaCall(callId: request.callId, state: .cancelled)
    }

    func buildCallBrief(_ request: BuildCallBriefRequest, context: CallContext) async throws -> CallBrief {
      CallBrief(instructions: "Talk.", greeting: "Hello.")
    }

    func getCallBrief(_ request: CallReference, context: CallContext) async throws -> CallBrief {
      throw RPCError(.notFound, "no brief")
    }
  }

  private func with(
    _ body: @escaping @Sendable (Dialers, Placer, Bridge) async throws -> Void
  ) async throws {
    try await Dialers.with { dialers in
      let bridge = Bridge()
      let server = RPCServer(
        endpoints: ["ipc:///tmp/taking-back-\(UniqueID.random()).ipc"],
        services: [MediaServiceServer(bridge), KnowledgeServiceServer(bridge)])
      try server.listen()
      let client = try RPCClient(
        endpoints: server.boundEndpoints, options: RPCClientOptions(), logger: .discarding,
        metrics: MetricsRegistry(), tracer: nil)
      let placed = PlacedCalls(
        store: dialers.store, logger: .discarding, count: MetricsRegistry().counter("placed_total", "Placed."))
      let looks = LastLooks(store: dialers.store)
      let placer = Placer(
        store: dialers.store, knowledge: KnowledgeServiceClient(client), media: MediaServiceClient(client),
        clock: ManualClock(Dialers.monday), logger: .discarding, placed: placed, looks: looks)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await server.run() }
        group.addTask { try? await placed.run() }
        group.addTask { try? await looks.run() }
        try await body(dialers, placer, bridge)
        await placed.drain()
        group.cancelAll()
      }
      await client.close()
    }
  }

  private func bar(_ number: String, _ dialers: Dialers, list: DoNotCallList = .of(.standard)) async throws {
    _ = try await dialers.store.addDoNotCall(
      .init(number: number, reason: ""), to: list, source: .api, actor: "test", now: Dialers.monday)
  }

  @Test func aCallThatNobodyForbidsIsPlaced() async throws {
    try await with { dialers, placer, bridge in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      // Another tenant's list and another campaign's do not count.
      try await bar(attempt.permit.to, dialers, list: .of(TenantID.random()))
      try await bar(attempt.permit.to, dialers, list: .init(tenant: .standard, campaign: .random()))
      await placer.place(attempt, of: campaign)
      let asked = bridge.placed.withLock { $0 }
      #expect(asked.map(\.permit?.callId) == [attempt.call.description] && asked[0].brief != nil)
      await placer.placed.drain()
      #expect(try await dialers.store.attempt(attempt.call, tenant: .standard)?.state == "placed")
    }
  }

  @Test func aNumberBarredAfterItsPermitIsNotCalled() async throws {
    try await with { dialers, placer, bridge in
      for list in [
        DoNotCallList.global, .of(.standard), .init(tenant: .standard, campaign: DoNotCallList.allCampaigns),
      ] {
        let campaign = try await dialers.campaign()
        let lead = Dialers.lead(Int.random(in: 1...8_000))
        try await dialers.add([lead], to: campaign)
        guard let attempt = try await dialers.claim(campaign).attempts.first else { continue }
        try await bar(attempt.permit.to, dialers, list: list)
        await placer.place(attempt, of: campaign)
        let request = try #require(bridge.placed.withLock { $0.last })
        #expect(request.permit?.callId == attempt.call.description)
        #expect(request.brief == nil && request.permit?.expiresAt?.instant == Instant(microsecondsSince1970: 0))
        #expect(try await dialers.store.attempt(attempt.call, tenant: .standard)?.state == "withdrawn")
        #expect(try await dialers.claim(campaign).attempts.isEmpty)
        #expect(try await dialers.count("select 1 from task where state = 'open'") == 0)
      }
      #expect(try await dialers.count("select 1 from under_way where slot_until is not null") == 0)
    }
  }

  /// Attempts wait for it; the slots of other calls do not.
  @Test func slotsLapseWhileTheBridgeDoesNotAnswer() async throws {
    try await with { dialers, placer, bridge in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      _ = try await dialers.claim(campaign)
      let stuck = BoundedQueue<Never>(capacity: 1)
      bridge.stuck.withLock { $0 = stuck }
      try await dialers.pool.execute(NamedQuery(name: "look", sql: "update under_way set look_at = now()"))
      let resolver = AttemptResolver(store: dialers.store, placer: placer, logger: .discarding).services
      try await withThrowingTaskGroup(of: Void.self) { group in
        for rounds in resolver { group.addTask { await rounds.run() } }
        while bridge.placed.withLock({ $0.isEmpty }) { await Task.yield() }
        try await dialers.pool.execute(NamedQuery(name: "lapse", sql: "update under_way set slot_until = now()"))
        while try await dialers.count("select 1 from under_way where slot_until is not null") > 0 { await Task.yield() }
        #expect(!bridge.hasAnswered.withLock { $0 })
        stuck.close()
        group.cancelAll()
      }
    }
  }

  @Test func aCallThatTheBridgeHoldsBackIsCancelledThere() async throws {
    try await with { dialers, placer, bridge in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      bridge.holdsBack.withLock { $0 = true }
      await placer.place(attempt, of: campaign)
      #expect(try await dialers.store.attempt(attempt.call, tenant: .standard)?.state == "dial_unknown")
      #expect(bridge.hungUp.withLock { $0.isEmpty })
      try await bar(attempt.permit.to, dialers)
      let unsettled = try await dialers.store.claimUnsettled(most: 10, seconds: 30)
      #expect(unsettled.map(\.call) == [attempt.call])
      await placer.settle(try #require(unsettled.first))
      #expect(bridge.hungUp.withLock { $0 } == [attempt.call.description])
    }
  }
}
