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

  /// What a batch of the dialer's facts comes to.
  private struct Effects {
    var changes: [CampaignKey: ProgressChange] = [:]
    var completed: [TenantID: [Lead]] = [:]
    var blocked: [(key: CampaignKey, what: CampaignBlocked)] = []
    /// Of the campaigns of the batch, as far as they were asked for.
    var sequences: [CampaignKey: LeadSequence?] = [:]

    mutating func change(_ key: CampaignKey, _ body: (inout ProgressChange) -> Void) {
      body(&changes[key, default: .init()])
    }
  }

  /// From auto-dialer: attempts, retries, leads that are done, and what keeps campaigns from calling.
  func takeAttempts(_ events: [Event], in transaction: PostgresTransaction) async throws {
    var effects = Effects()
    for event in events {
      switch event.type {
      case AttemptStarted.fullName:
        guard let permit = try AttemptStarted.decode(event.payload).permit,
          let key = key(event, permit.campaignId), let lead = LeadID(permit.leadId)
        else { continue }
        let attempts = try await store.called(
          lead, of: key.campaign, tenant: key.tenant, at: permit.grantedAt?.instant ?? clock.now(), in: transaction)
        effects.change(key) { change in
          change.attempts += 1
          change.inFlight += 1
          if attempts == 1 { change.called += 1 }
          if let attempts, attempts > 1 { change.retriesWaiting -= 1 }
        }
      case AttemptWithdrawn.fullName:
        let withdrawn = try AttemptWithdrawn.decode(event.payload)
        guard let key = key(event, withdrawn.campaignId), let lead = LeadID(withdrawn.leadId) else { continue }
        let attempts = try await store.notCalled(
          lead, of: key.campaign, tenant: key.tenant, dueAt: withdrawn.dueAt?.instant, in: transaction)
        effects.change(key) { change in
          change.attempts -= 1
          change.inFlight -= 1
          if attempts == 0 { change.called -= 1 }
          if let attempts, attempts > 0 { change.retriesWaiting += 1 }
        }
      case RetryScheduled.fullName:
        let retry = try RetryScheduled.decode(event.payload)
        guard let key = key(event, retry.campaignId), let lead = LeadID(retry.leadId) else { continue }
        try await store.waits(
          lead, of: key.campaign, tenant: key.tenant, outcome: Telephony.CallOutcome(retry.outcome),
          dueAt: retry.dueAt?.instant, in: transaction)
        effects.change(key) { change in
          change.inFlight -= 1
          change.retriesWaiting += 1
        }
      case LeadFinished.fullName:
        let finished = try LeadFinished.decode(event.payload)
        guard let key = key(event, finished.campaignId), let lead = LeadID(finished.leadId) else { continue }
        try await finish(finished, lead: lead, key: key, effects: &effects, in: transaction)
      case CampaignBlocked.fullName:
        let blocked = try CampaignBlocked.decode(event.payload)
        guard let key = key(event, blocked.campaignId) else { continue }
        effects.blocked.append((key, blocked))
      case LeadReopened.fullName:
        let reopened = try LeadReopened.decode(event.payload)
        guard let key = key(event, reopened.campaignId), let lead = LeadID(reopened.leadId) else { continue }
        try await reopen(lead, dueAt: reopened.dueAt?.instant, key: key, effects: &effects, in: transaction)
      default:
        continue
      }
    }
    for (tenant, leads) in effects.completed.sorted(by: { $0.key < $1.key }) {
      try await store.tell(completed: leads, tenant: tenant, now: clock.now(), in: transaction)
    }
    try await store(effects.changes, in: transaction)
    for (key, what) in effects.blocked {
      try await store.blocked(
        key.campaign, by: what, tenant: key.tenant, now: clock.now(), in: transaction)
    }
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
      let attempt = Int(record.attemptNumber)
      let spoke = try await store.spoke(
        lead, of: key.campaign, tenant: key.tenant, score: record.score.map { Int($0.score) },
        reachedOn: outcome.reachedPerson ? attempt : nil, in: transaction)
      let tally = CallTally(
        outcome: outcome, at: (record.requestedAt ?? record.endedAt)?.instant ?? clock.now(),
        answered: record.answeredAt != nil, talk: record.talkDuration?.duration ?? .zero, attempt: attempt)
      var change = changes[key] ?? .init()
      change.costMicros += record.costMicros
      tally.count(
        in: &change, zone: Self.zone(spoke?.timeZone ?? "", number: record.to), isFirstReach: spoke?.isFirst ?? false)
      changes[key] = change
    }
    try await store(changes, in: transaction)
  }

  /// Where the lead lives: as it says, or else the first zone that its number can be in.
  private static func zone(_ name: String, number: String) -> TimeZoneRules? {
    if !name.isEmpty { return TimeZoneRules.named(name) }
    let zones = try? PhoneNumber.parse(number, defaultRegion: nil).possibleTimeZones
    return zones?.first.flatMap { TimeZoneRules.named($0) }
  }

  /// The dialer is done with a lead: so is the campaign, unless its sequence goes on.
  private func finish(
    _ finished: LeadFinished, lead: LeadID, key: CampaignKey, effects: inout Effects,
    in transaction: PostgresTransaction
  ) async throws {
    let outcome = Telephony.CallOutcome(finished.outcome)
    let attempts: Int
    if let (place, next) = try await nextStep(of: lead, outcome: outcome, key, &effects, in: transaction) {
      try await store.waits(
        lead, of: key.campaign, tenant: key.tenant, outcome: outcome, dueAt: nil, in: transaction)
      try await store.move(lead, of: key.campaign, tenant: key.tenant, to: next, in: transaction)
      attempts = place.attempts
    } else {
      guard
        let ended = try await store.done(
          lead, of: key.campaign, tenant: key.tenant, outcome: outcome, reason: finished.reason, in: transaction)
      else { return }
      effects.completed[key.tenant, default: []].append(ended)
      effects.change(key) { $0.end(ended) }
      attempts = Int(ended.attempts)
    }
    effects.change(key) { change in
      // With a call it was in flight; without one it waited, for a retry if it had been called before.
      if !finished.callId.isEmpty { change.inFlight -= 1 } else if attempts > 0 { change.retriesWaiting -= 1 }
    }
  }

  /// Where a lead that was at a call step is and what comes next; nil when the lead is done.
  private func nextStep(
    of lead: LeadID, outcome: Telephony.CallOutcome?, _ key: CampaignKey, _ effects: inout Effects,
    in transaction: PostgresTransaction
  ) async throws -> (CampaignStore.SequencePlace, LeadSequence.Position)? {
    let known: LeadSequence?
    if let asked = effects.sequences[key] {
      known = asked
    } else {
      known = try await store.sequence(of: key.campaign, tenant: key.tenant, in: transaction)
      effects.sequences[key] = .some(known)
    }
    guard let known,
      let place = try await store.place(of: lead, campaign: key.campaign, tenant: key.tenant, in: transaction),
      known.kind(of: place.step) == .call,
      let next = known.position(after: place.step, outcome: outcome, joined: place.joined, now: clock.now())
    else { return nil }
    return (place, next)
  }

  /// Takes back what `finish` counted for a lead that waited: somebody asked for one more call.
  private func reopen(
    _ lead: LeadID, dueAt: Instant?, key: CampaignKey, effects: inout Effects, in transaction: PostgresTransaction
  ) async throws {
    guard
      let ended = try await store.reopened(
        lead, of: key.campaign, tenant: key.tenant, dueAt: dueAt, in: transaction)
    else { return }
    effects.change(key) { $0.reopen(outcome: ended.outcome, reason: ended.reason, attempts: ended.attempts) }
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
