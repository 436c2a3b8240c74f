import Core
import EventLog
import Lifecycle
import Metrics
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Telephony
import TestSupport
import Wire

@testable import OutcomeTracker

/// The tracker on a real database, beside the event log of a bridge, with a scorer that answers over real RPC.
struct TrackerHarness: Sendable {
  let bridge: PostgresPool
  let pool: PostgresPool
  let scorer: Scorer
  let scorerClient: RPCClient
  let store: OutcomeStore

  static let start = Instant(microsecondsSince1970: 1_772_463_600_000_000)
  static let campaign = CampaignID.random()

  private let bridgeLog = EventLog(schema: "media")

  static func with(_ body: @Sendable @escaping (TrackerHarness) async throws -> Void) async throws {
    let migrators = [
      Migrator(schema: "media", role: "media_bridge", migrations: EventLog.migrations),
      Migrator(
        schema: "outcome", role: "outcome_tracker", migrations: try OutcomeTrackerApplication.schema().migrations),
    ]
    try await TestDatabase.with(migrators) { database in
      let bridge = database.pool(schema: "media", role: "media_bridge", size: 4)
      let pool = database.pool(schema: "outcome", role: "outcome_tracker", size: 12)
      defer {
        bridge.close()
        pool.close()
      }
      let scorer = Scorer()
      let server = RPCServer(endpoints: ["tcp://127.0.0.1:0"], services: [scorer])
      try server.listen()
      let client = try RPCClient(endpoints: server.boundEndpoints)
      let harness = TrackerHarness(
        bridge: bridge, pool: pool, scorer: scorer, scorerClient: client,
        store: try OutcomeStore(pool: pool, events: EventLog(schema: "outcome")))
      try await running([server]) { try await body(harness) }
      await client.close()
    }
  }

  /// One instance of the tracker: what takes facts in, and what decides.
  func instance() -> [any LifecycleService] {
    [
      EventConsumer(
        name: "outcome-tracker", source: EventLogReader(pool: bridge, log: bridgeLog), sourceName: "media-bridge",
        pool: pool, schema: "outcome",
        options: EventConsumerOptions(partitions: 4, batchLimit: 7, readWait: .milliseconds(100)),
        handler: TrackerFacts(store: store, logger: .discarding).take),
      OutcomeWorker(
        store: store, scorer: ScorerServiceClient(scorerClient), rates: .standard, clock: ManualClock(Self.start),
        logger: .discarding, metrics: MetricsRegistry()
      ).service,
    ]
  }

  /// The bridge tells of calls that ended, each in a transaction of its own.
  func tell(_ calls: [CallEnded]) async throws {
    for ended in calls {
      try await bridge.transaction(name: "tell") { transaction in
        try bridgeLog.append(
          [NewEvent(key: ended.callId, message: ended)], in: transaction, at: Self.start, tenant: .standard)
      }
    }
  }

  /// What the tracker told, in order, once it told `count` outcomes and nothing more is to come.
  func outcomes(_ count: Int) async throws -> [CallRecord] {
    let reader = EventLogReader(pool: pool, log: store.events)
    var records: [CallRecord] = []
    var place = EventPlace.beginning
    while true {
      let page = try await reader.read(
        [0], of: 1, after: place, limit: 1000, wait: records.count < count ? .seconds(60) : .zero)
      records += try page.events.compactMap { try OutcomeDecided.decode($0.payload).call }
      place = page.next
      if page.events.isEmpty { return records }
    }
  }

  /// Returns once every fact told so far was taken in.
  func untilFactsAreIn(_ calls: Int) async throws {
    let count = NamedQuery(name: "count", sql: "select count(*) as n from call")
    while try await pool.query(count)[0].get("n", as: Int.self) < calls { await Task.yield() }
  }
}

/// Answers as qualification-scorer does: by the call, the same again when asked again. Can be away for a while.
final class Scorer: RPCService {
  private struct State {
    var failures = 0
    var asked: [String: Int] = [:]
  }

  private let state = Mutex(State())

  var descriptors: [MethodDescriptor] { ScorerServiceMethods.all }
  var asked: [String: Int] { state.withLock { $0.asked } }

  func failNext(_ count: Int) { state.withLock { $0.failures = count } }

  /// What is said of a call: a pure function of its id.
  static func score(_ call: String) -> Score {
    let number = Int32(hash64(call) % 101)
    let disposition: Disposition = number % 5 == 0 ? .optedOut : number % 7 == 0 ? .callback : .conversed
    return Score(score: number, qualified: number >= 60, disposition: disposition)
  }

  func handle(_ method: MethodDescriptor, request: [UInt8], context: CallContext) async throws -> [UInt8] {
    let call = try ScoreCallRequest.decode(request).callId
    let fails = state.withLock { state in
      state.asked[call, default: 0] += 1
      state.failures -= 1
      return state.failures >= 0
    }
    // What the real one says until it knows the campaign.
    if fails { throw RPCError(.notFound, "the campaign is not known yet") }
    return Self.score(call).encoded()
  }
}

extension CallEnded {
  /// A call that ended in one of the ways in which calls end.
  static func random(using generator: inout SeededGenerator) -> CallEnded {
    var ended = CallEnded(
      callId: derived("call", &generator), campaignId: TrackerHarness.campaign.description,
      leadId: derived("lead", &generator), attemptNumber: .random(in: 1...3, using: &generator),
      state: .completed, requestedAt: Timestamp(TrackerHarness.start),
      endedAt: Timestamp(TrackerHarness.start + .seconds(Int.random(in: 30...600, using: &generator))),
      provider: "twilio", providerCallId: "CA1")
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: ended.facts = [CallFact(kind: .providerEnded(ProviderEnded(status: "busy", sipCode: 486)))]
    case 1: ended.facts = [CallFact(kind: .providerEnded(ProviderEnded(status: "no-answer")))]
    case 2: ended.facts = [CallFact(kind: .failure("no_terminal_event"))]
    case 3:
      ended.answeredAt = Timestamp(TrackerHarness.start + .seconds(9))
      ended.facts = [
        CallFact(kind: .providerEnded(ProviderEnded(status: "completed"))),
        CallFact(kind: .answeredBy("machine_end_beep")),
      ]
    default:
      ended.answeredAt = Timestamp(TrackerHarness.start + .seconds(9))
      ended.facts = [CallFact(kind: .providerEnded(ProviderEnded(status: "completed")))]
      ended.talkDuration = ProtobufDuration(.seconds(Int.random(in: 1...200, using: &generator)))
      ended.engineOutputTokens = 10
      ended.transcript = [
        TranscriptTurn(speaker: .agent, text: "Hello.", startMilliseconds: 0, endMilliseconds: 900),
        TranscriptTurn(speaker: .person, text: "Yes?", startMilliseconds: 1000, endMilliseconds: 1400),
      ]
    }
    return ended
  }

  /// The same call, had nobody answered it.
  func unanswered(_ status: String) -> CallEnded {
    var ended = self
    ended.answeredAt = nil
    ended.talkDuration = nil
    ended.facts = [CallFact(kind: .providerEnded(ProviderEnded(status: status)))]
    return ended
  }

  private static func derived(_ what: String, _ generator: inout SeededGenerator) -> String {
    UniqueID.derived(from: what, "\(generator.next())").description
  }

  /// What the pure rules make of it.
  var expected: OutcomeDecision {
    let facts = CallFacts(self)
    let score = OutcomeDecision.needsScore(facts) ? Scorer.score(callId) : nil
    return OutcomeDecision(facts, disposition: score.map(OutcomeDecision.Disposition.init))
  }

  var expectedCost: Int64 {
    RateCard.standard.cost(talkTime: CallFacts(self).talkTime, spokeWithEngine: engineOutputTokens > 0)
      .reduce(0) { $0 + $1.costMicros }
  }
}
