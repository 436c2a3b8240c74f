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

/// What the dialer makes of a bridge that takes no calls, over real RPC.
@Suite(.timeLimit(.minutes(2))) struct RefusalTests {
  /// A bridge and a kb-generator that answer as told.
  private final class Others: MediaServiceHandler, KnowledgeServiceHandler {
    let placing = Mutex<RPCError?>(nil)
    let briefing = Mutex<RPCError?>(nil)

    func placeCall(_ request: PlaceCallRequest, context: CallContext) async throws -> MediaCall {
      if let error = placing.withLock(\.self) { throw error }
      return MediaCall(callId: request.permit?.callId ?? "", state: .initiated)
    }

    func getMediaCall(_ request: CallReference, context: CallContext) async throws -> MediaCall {
      throw RPCError(.notFound, "no such call")
    }

    func hangUp(_ request: CallReference, context: CallContext) async throws -> MediaCall {
      throw RPCError(.notFound, "no such call")
    }

    func buildCallBrief(_ request: BuildCallBriefRequest, context: CallContext) async throws -> CallBrief {
      if let error = briefing.withLock(\.self) { throw error }
      return CallBrief()
    }

    func getCallBrief(_ request: CallReference, context: CallContext) async throws -> CallBrief {
      throw RPCError(.notFound, "no such brief")
    }
  }

  private static func with(
    _ body: @Sendable @escaping (Placer, Others, ManualClock, Dialers) async throws -> Void
  ) async throws {
    let others = Others()
    let server = RPCServer(
      endpoints: ["tcp://127.0.0.1:0"], services: [MediaServiceServer(others), KnowledgeServiceServer(others)])
    try server.listen()
    let client = try RPCClient(endpoints: server.boundEndpoints)
    let clock = ManualClock(Dialers.monday)
    try await Dialers.with { dialers in
      let placed = PlacedCalls(
        store: dialers.store, logger: .discarding, count: MetricsRegistry().counter("placed", "Placed."))
      let looks = LastLooks(store: dialers.store)
      let placer = Placer(
        store: dialers.store, knowledge: KnowledgeServiceClient(client), media: MediaServiceClient(client),
        clock: clock, logger: .discarding, placed: placed, looks: looks)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await server.run() }
        group.addTask { try? await placed.run() }
        group.addTask { try? await looks.run() }
        try await body(placer, others, clock, dialers)
        await client.close()
        group.cancelAll()
      }
    }
  }

  @Test func aThrottledProviderCostsTheLeadNothingAndWaits() async throws {
    try await Self.with { placer, others, clock, dialers in
      var policy = Dialers.policy
      (policy.maxCallsPerLead, policy.maxCallsPerDay) = (1, 2)
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<2).map(Dialers.lead), to: campaign)
      others.placing.withLock { $0 = RPCError(.resourceExhausted, "too many", retryAfter: .seconds(7)) }
      let claim = try await dialers.claim(campaign)
      #expect(claim.attempts.count == 2)
      for attempt in claim.attempts { await placer.place(attempt, of: campaign) }
      #expect(try await dialers.count("select 1 from attempt where state = 'withdrawn'") == 2)
      #expect(try await dialers.count("select 1 from under_way where slot_until is not null") == 0)
      #expect(try await dialers.claim(campaign, at: clock.now() + .seconds(6)).limit == .providerHeld)
      let again = try await dialers.claim(campaign, at: clock.now() + .seconds(7))
      #expect(again.attempts.map(\.permit.attemptNumber) == [2, 2])  // The day's two calls were given back too.
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func aLeadWhoseNumberIsOnAnotherCallWaits() async throws {
    try await Self.with { placer, others, clock, dialers in
      var policy = Dialers.policy
      policy.maxCallsPerLead = 1
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<2).map(Dialers.lead), to: campaign)
      others.placing.withLock { $0 = RPCError(.aborted, "another call to the number", retryAfter: .seconds(60)) }
      let attempt = try #require(try await dialers.claim(campaign, most: 1).attempts.first)
      await placer.place(attempt, of: campaign)
      #expect(try await dialers.count("select 1 from attempt where state = 'withdrawn'") == 1)
      // Others are called meanwhile.
      let meanwhile = try await dialers.claim(campaign, at: clock.now() + .seconds(59)).attempts
      #expect(meanwhile.count == 1 && meanwhile.first?.entry.lead != attempt.entry.lead)
      let again = try await dialers.claim(campaign, at: clock.now() + .seconds(60)).attempts
      #expect(again.map(\.entry.lead) == [attempt.entry.lead])
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func withoutAnAgentTheAttemptKeepsItsPermitAndAsksAgain() async throws {
    try await Self.with { placer, others, clock, dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<3).map(Dialers.lead), to: campaign)
      others.placing.withLock { $0 = RPCError(.resourceExhausted, "every media slot is taken") }
      let attempt = try #require(try await dialers.claim(campaign, most: 1).attempts.first)
      var limits: [Allowance.Limit?] = []
      for _ in 0..<200 {
        await placer.place(attempt, of: campaign)
        limits.append(try await dialers.claim(campaign, at: clock.now()).limit)
        clock.advance(by: .milliseconds(1_900))
      }
      #expect(limits.allSatisfy { $0 == .providerHeld })
      #expect(try await dialers.count("select 1 from attempt where state = 'dial_unknown'") == 1)
      let blocked = "select 1 from event where type like '%CampaignBlocked'"
      #expect(try await dialers.count(blocked) == 1)  // It lasted for more than five minutes.
      clock.advance(by: .seconds(2))
      #expect(try await dialers.claim(campaign, at: clock.now()).attempts.count == 2)
    }
  }

  /// A brief that cannot be had says nothing about whether the bridge has the call: it is never dialed again on that.
  @Test(arguments: [RPCCode.failedPrecondition, .resourceExhausted, .notFound])
  func aMissingBriefDoesNotWithdraw(code: RPCCode) async throws {
    try await Self.with { placer, others, _, dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      others.briefing.withLock { $0 = RPCError(code, "no brief", retryAfter: .seconds(1)) }
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      await placer.place(attempt, of: campaign)
      #expect(try await dialers.count("select 1 from attempt where state = 'dial_unknown'") == 1)
      #expect(try await dialers.claim(campaign).attempts.isEmpty)
    }
  }
}
