import CampaignTerms
import Core
import EventLog
import Logging
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What campaign-executor does with the facts of the dialer and the tracker: leads, sums, and the end of a campaign. Each
/// runs in the transaction that moves the consumer's cursor.
struct ExecutorFacts: Sendable {
  let store: CampaignStore
  let clock: any BusinessClock
  let logger: Logger

  private struct CampaignKey: Hashable {
    var tenant: TenantID
    var campaign: CampaignID
  }

  /// From auto-dialer: attempts, retries and leads that are done.
  func takeAttempts(_ events: [Event], in transaction: PostgresTransaction) async throws {
    var changes: [CampaignKey: ProgressChange] = [:]
    for event in events {
      switch event.type {
      case AttemptStarted.fullName:
        guard let permit = try AttemptStarted.decode(event.payload).permit,
          let key = key(event, permit.campaignId), let lead = LeadID(permit.leadId)
        else { continue }
        let attempts = try await store.called(
          lead, of: key.campaign, tenant: key.tenant, at: permit.grantedAt?.instant ?? clock.now(), in: transaction)
        changes[key, default: .init()].attempts += 1
        changes[key, default: .init()].inFlight += 1
        if attempts == 1 { changes[key, default: .init()].called += 1 }
        if attempts.map({ $0 > 1 }) ?? false { changes[key, default: .init()].retriesWaiting -= 1 }
      case AttemptWithdrawn.fullName:
        let withdrawn = try AttemptWithdrawn.decode(event.payload)
        guard let key = key(event, withdrawn.campaignId), let lead = LeadID(withdrawn.leadId) else { continue }
        let attempts = try await store.notCalled(
          lead, of: key.campaign, tenant: key.tenant, dueAt: withdrawn.dueAt?.instant, in: transaction)
        changes[key, default: .init()].attempts -= 1
        changes[key, default: .init()].inFlight -= 1
        if attempts == 0 { changes[key, default: .init()].called -= 1 }
        if attempts.map({ $0 > 0 }) ?? false { changes[key, default: .init()].retriesWaiting += 1 }
      case RetryScheduled.fullName:
        let retry = try RetryScheduled.decode(event.payload)
        guard let key = key(event, retry.campaignId), let lead = LeadID(retry.leadId) else { continue }
        try await store.waits(
          lead, of: key.campaign, tenant: key.tenant, outcome: Telephony.CallOutcome(retry.outcome),
          dueAt: retry.dueAt?.instant, in: transaction)
        changes[key, default: .init()].inFlight -= 1
        changes[key, default: .init()].retriesWaiting += 1
      case LeadFinished.fullName:
        let finished = try LeadFinished.decode(event.payload)
        guard let key = key(event, finished.campaignId), let lead = LeadID(finished.leadId) else { continue }
        try await finish(finished, lead: lead, key: key, changes: &changes, in: transaction)
      case LeadReopened.fullName:
        let reopened = try LeadReopened.decode(event.payload)
        guard let key = key(event, reopened.campaignId), let lead = LeadID(reopened.leadId) else { continue }
        try await reopen(lead, dueAt: reopened.dueAt?.instant, key: key, changes: &changes, in: transaction)
      default:
        continue
      }
    }
    try await store(changes, in: transaction)
  }

  /// From outcome-tracker: costs, scores, and attempts by outcome.
  func takeOutcomes(_ events: [Event], in transaction: PostgresTransaction) async throws {
    var changes: [CampaignKey: ProgressChange] = [:]
    for event in events where event.type == OutcomeDecided.fullName {
      guard let record = try OutcomeDecided.decode(event.payload).call, let key = key(event, record.campaignId),
        let lead = LeadID(record.leadId), let outcome = Telephony.CallOutcome(record.outcome)
      else {
        logger.error("an outcome cannot be read and is left out", [LogField("event_id", event.id)])
        continue
      }
      changes[key, default: .init()].costMicros += record.costMicros
      changes[key, default: .init()].count(outcome.rawValue, .attempt)
      if let score = record.score {
        try await store.scored(lead, of: key.campaign, tenant: key.tenant, score: Int(score.score), in: transaction)
      }
    }
    try await store(changes, in: transaction)
  }

  private func finish(
    _ finished: LeadFinished, lead: LeadID, key: CampaignKey, changes: inout [CampaignKey: ProgressChange],
    in transaction: PostgresTransaction
  ) async throws {
    let outcome = Telephony.CallOutcome(finished.outcome)
    guard
      let ended = try await store.done(
        lead, of: key.campaign, tenant: key.tenant, outcome: outcome, reason: finished.reason, in: transaction)
    else { return }
    var change = changes[key] ?? .init()
    change.done += 1
    // With a call it was in flight; without one it waited, for a retry if it had been called before.
    if !finished.callId.isEmpty { change.inFlight -= 1 } else if ended.attempts > 0 { change.retriesWaiting -= 1 }
    if ended.outcome == .qualified || ended.outcome == .callbackRequested { change.successful += 1 }
    change.count(ended.outcome?.rawValue ?? finished.reason, .lead)
    changes[key] = change
  }

  /// Takes back what `finish` counted for a lead that waited: somebody asked for one more call.
  private func reopen(
    _ lead: LeadID, dueAt: Instant?, key: CampaignKey, changes: inout [CampaignKey: ProgressChange],
    in transaction: PostgresTransaction
  ) async throws {
    guard
      let ended = try await store.reopened(
        lead, of: key.campaign, tenant: key.tenant, dueAt: dueAt, in: transaction)
    else { return }
    var change = changes[key] ?? .init()
    change.done -= 1
    if ended.attempts > 0 { change.retriesWaiting += 1 }
    if ended.outcome == .qualified || ended.outcome == .callbackRequested { change.successful -= 1 }
    change.count(ended.outcome?.rawValue ?? ended.reason, .lead, by: -1)
    changes[key] = change
  }

  private func key(_ event: Event, _ campaign: String) -> CampaignKey? {
    CampaignID(campaign).map { CampaignKey(tenant: event.tenant, campaign: $0) }
  }

  private func store(_ changes: [CampaignKey: ProgressChange], in transaction: PostgresTransaction) async throws {
    // In one order everywhere, so that two partitions cannot wait for each other.
    for (key, change) in changes.sorted(by: { $0.key.campaign < $1.key.campaign }) {
      try await store.move(change, campaign: key.campaign, tenant: key.tenant, in: transaction)
      try await store.followProgress(of: key.campaign, tenant: key.tenant, now: clock.now(), in: transaction)
    }
  }
}
