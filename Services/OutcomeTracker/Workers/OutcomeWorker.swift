import CampaignTerms
import Core
import Lifecycle
import Logging
import Metrics
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// Decides the outcome of every call that ended: asks for the score where somebody spoke, applies the rules, stores.
struct OutcomeWorker: Sendable {
  private let store: OutcomeStore
  private let scorer: ScorerServiceClient
  private let rates: RateCard
  private let clock: any BusinessClock
  private let logger: Logger
  private let decided: Counter

  private static let batch = 64
  private static let leaseSeconds = 30.0
  private static let pause = Duration.milliseconds(50)
  private static let failurePause = Duration.seconds(1)
  private static let scoreDeadline = Duration.seconds(10)

  init(
    store: OutcomeStore, scorer: ScorerServiceClient, rates: RateCard, clock: any BusinessClock, logger: Logger,
    metrics: MetricsRegistry
  ) {
    self.store = store
    self.scorer = scorer
    self.rates = rates
    self.clock = clock
    self.logger = logger
    decided = metrics.counter("outcome_calls_total", "Calls decided, by outcome.", labels: ["outcome"])
  }

  var service: Rounds {
    Rounds(
      "outcome-worker", every: Self.pause, afterFailure: Self.failurePause, logger: logger,
      failure: "undecided calls could not be read; trying again"
    ) {
      let calls = try await store.claimUndecided(most: Self.batch, seconds: Self.leaseSeconds)
      await withDiscardingTaskGroup { group in
        for call in calls { group.addTask { await decide(call) } }
      }
      return calls.count == Self.batch
    }
  }

  func decide(_ undecided: OutcomeStore.UndecidedCall) async {
    let ended = undecided.ended
    do {
      guard let campaign = CampaignID(ended.campaignId) else { return }
      let facts = CallFacts(ended)
      let score = OutcomeDecision.needsScore(facts) ? try await self.score(undecided) : nil
      let decision = OutcomeDecision(facts, disposition: score.map(OutcomeDecision.Disposition.init))
      let costs = rates.cost(talkTime: facts.talkTime, spokeWithEngine: ended.engineOutputTokens > 0)
      let record = CallRecord(ended, facts: facts, decision: decision, score: score, costs: costs)
      try await store.decide(
        record, call: undecided.call, campaign: campaign, tenant: undecided.tenant, now: clock.now())
      decided.increment(decision.outcome.rawValue)
    } catch {
      logger.warning(
        "the outcome of a call could not be decided; trying again",
        [LogField("call_id", undecided.call), LogField("tries", undecided.tries), .error(error)])
      let wait = min(10, 0.1 * Double(1 << min(undecided.tries, 7)))
      // If this fails as well, the call's own lease brings it back.
      try? await store.decideLater(undecided.call, tenant: undecided.tenant, seconds: wait)
    }
  }

  private func score(_ undecided: OutcomeStore.UndecidedCall) async throws -> Score {
    var request = ScoreCallRequest()
    request.callId = undecided.ended.callId
    request.campaignId = undecided.ended.campaignId
    request.leadId = undecided.ended.leadId
    request.transcript = undecided.ended.transcript
    return try await scorer.scoreCall(
      request,
      options: CallOptions(
        deadline: Self.scoreDeadline, tenant: undecided.tenant.description, actor: "outcome-tracker",
        idempotencyKey: undecided.ended.callId))
  }
}
