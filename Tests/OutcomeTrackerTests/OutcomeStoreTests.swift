import CampaignTerms
import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import TestSupport
import Testing
import Wire

@testable import OutcomeTracker

/// Facts in, outcomes out, through the real event log, database and RPC: whatever comes twice or out of order, each call
/// is decided once.
@Suite(.timeLimit(.minutes(5))) struct OutcomeStoreTests {
  @Test(arguments: UInt64(1)...4)
  func repeatedAndReorderedFactsDecideEachCallOnce(seed: UInt64) async throws {
    try await TrackerHarness.with { tracker in
      var generator = SeededGenerator(seed: seed)
      let calls = (0..<40).map { _ in CallEnded.random(using: &generator) }
      let told = (calls + calls.filter { _ in Bool.random(using: &generator) } + calls.prefix(10))
        .shuffled(using: &generator)
      let half = told.count / 2
      // Two instances, with facts that wait already and facts that come while they work.
      try await tracker.tell(Array(told[..<half]))
      try await running(tracker.instance() + tracker.instance()) {
        try await tracker.tell(Array(told[half...]))
        let records = try await tracker.outcomes(calls.count)
        #expect(records.count == calls.count && Set(records.map(\.callId)).count == calls.count)
        let byID = Dictionary(calls.map { ($0.callId, $0) }, uniquingKeysWith: { first, _ in first })
        for record in records {
          let call = try #require(byID[record.callId])
          #expect(record.outcome == call.expected.outcome.wire)
          #expect(record.outcomeReason == call.expected.reason)
          #expect(record.optedOut == call.expected.optedOut)
          #expect(record.costMicros == call.expectedCost)
          // What is told is what can be read.
          let id = try #require(CallID(record.callId))
          #expect(try await tracker.store.call(id, tenant: .standard) == record)
          #expect(try await tracker.store.transcript(of: id, tenant: .standard) == call.transcript)
        }
        let statistics = try await tracker.store.statistics(of: TrackerHarness.campaign, tenant: .standard)
        #expect(statistics.calls == Int64(calls.count))
        #expect(statistics.costMicros == calls.reduce(0) { $0 + $1.expectedCost })
        #expect(statistics.costMicrosByVendor.values.reduce(0, +) == statistics.costMicros)
      }
    }
  }

  @Test func aSecondStoryOfACallChangesNothing() async throws {
    try await TrackerHarness.with { tracker in
      var generator = SeededGenerator(seed: 5)
      let any = CallEnded.random(using: &generator)
      let first = any.unanswered("busy")
      let other = any.unanswered("no-answer")
      let last = CallEnded.random(using: &generator)
      try await tracker.tell([first, other])
      try await running(tracker.instance()) {
        #expect(try await tracker.outcomes(1).map(\.outcome) == [.busy])
        try await tracker.tell([other, last])
        try await tracker.untilFactsAreIn(2)
        let records = try await tracker.outcomes(2)
        #expect(records.map(\.callId) == [first.callId, last.callId])
        let id = try #require(CallID(first.callId))
        #expect(try await tracker.store.call(id, tenant: .standard)?.outcome == .busy)
      }
    }
  }

  @Test func decidersWhoRaceTellOneOutcome() async throws {
    try await TrackerHarness.with { tracker in
      var generator = SeededGenerator(seed: 6)
      let ended = CallEnded.random(using: &generator)
      let call = try #require(CallID(ended.callId))
      let lead = try #require(LeadID(ended.leadId))
      try await tracker.pool.transaction(name: "take") { transaction in
        try await tracker.store.take(
          ended, call: call, campaign: TrackerHarness.campaign, lead: lead, tenant: .standard, in: transaction)
      }
      try await withThrowingTaskGroup { group in
        for outcome in Telephony.CallOutcome.allCases {
          group.addTask {
            let record = CallRecord(callId: ended.callId, leadId: ended.leadId, outcome: outcome.wire, costMicros: 7)
            try await tracker.store.decide(
              record, call: call, campaign: TrackerHarness.campaign, tenant: .standard, now: TrackerHarness.start)
          }
        }
        try await group.waitForAll()
      }
      let told = try await tracker.outcomes(1)
      #expect(told.count == 1)
      #expect(try await tracker.store.call(call, tenant: .standard) == told.first)
    }
  }

  @Test func aCallWaitsForItsScoreAndIsThenDecidedOnce() async throws {
    try await TrackerHarness.with { tracker in
      var generator = SeededGenerator(seed: 7)
      var ended = CallEnded.random(using: &generator)
      while !OutcomeDecision.needsScore(CallFacts(ended)) { ended = CallEnded.random(using: &generator) }
      tracker.scorer.failNext(2)
      try await tracker.tell([ended])
      try await running(tracker.instance()) { [ended] in
        let records = try await tracker.outcomes(1)
        #expect(records.map(\.outcome) == [ended.expected.outcome.wire])
        #expect(records.first?.score == Scorer.score(ended.callId))
        #expect(tracker.scorer.asked == [ended.callId: 3])
      }
    }
  }

  @Test func undecidedCallsAreNotShownAndPagesHoldEachCallOnce() async throws {
    try await TrackerHarness.with { tracker in
      var generator = SeededGenerator(seed: 8)
      let calls = (0..<25).map { _ in CallEnded.random(using: &generator) }
      let rpc = OutcomeRPC(store: tracker.store)
      let context = CallContext(tenant: TenantID.standard.description, actor: "test", method: "GetCall")
      let reference = CallReference(callId: calls[0].callId)
      let early = await #expect(throws: RPCError.self) { try await rpc.getCall(reference, context: context) }
      #expect(early?.code == .notFound)
      try await tracker.tell(calls)
      try await running(tracker.instance()) {
        _ = try await tracker.outcomes(calls.count)
        var seen: [String] = []
        var request = ListCallsRequest(campaignId: TrackerHarness.campaign.description)
        repeat {
          request.page = PageRequest(limit: 10, cursor: request.page?.cursor ?? "")
          let page = try await rpc.listCalls(request, context: context)
          seen += page.calls.map(\.callId)
          request.page?.cursor = page.nextCursor
        } while request.page?.cursor.isEmpty == false
        #expect(seen.count == calls.count && Set(seen) == Set(calls.map(\.callId)))
        #expect(try await rpc.getCall(reference, context: context).callId == calls[0].callId)
        let stranger = CallContext(tenant: TenantID.random().description, actor: "test", method: "GetCall")
        let refused = await #expect(throws: RPCError.self) { try await rpc.getCall(reference, context: stranger) }
        #expect(refused?.code == .notFound)
      }
    }
  }
}
