import CampaignTerms
import Core
import EventLog
import Logging
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What the dialer does with the facts of other services. Each runs in the transaction that moves the consumer's cursor.
struct DialerFacts: Sendable {
  let store: DialStore
  let clock: any BusinessClock
  let quietSeconds: @Sendable (Duration) -> Double
  let logger: Logger

  /// From campaign-executor: campaigns, leads and their changes.
  func takeCampaigns(_ events: [Event], in transaction: PostgresTransaction) async throws {
    let now = clock.now()
    for event in events {
      switch event.type {
      case CampaignChanged.fullName:
        guard let campaign = try CampaignChanged.decode(event.payload).campaign else { continue }
        try await store.take(campaign, tenant: event.tenant, now: now, in: transaction)
      case LeadsAdded.fullName:
        let added = try LeadsAdded.decode(event.payload)
        guard let campaign = CampaignID(added.campaignId) else { continue }
        try await store.take(
          added.leads, told: added.numbers, campaign: campaign, tenant: event.tenant, now: now, in: transaction)
      case LeadsRecycled.fullName:
        let recycled = try LeadsRecycled.decode(event.payload)
        guard let campaign = CampaignID(recycled.campaignId) else { continue }
        try await store.take(
          recycled: recycled.leads, campaign: campaign, tenant: event.tenant, now: now, in: transaction)
      case LeadUpdated.fullName:
        guard let lead = try LeadUpdated.decode(event.payload).lead else { continue }
        try await store.take(lead, tenant: event.tenant, now: now, in: transaction)
      default:
        continue  // Facts that came later than this version of the dialer are not for it.
      }
    }
  }

  /// From media-bridge: a call's progress keeps its slot, its end frees it. What somebody asked for while they spoke
  /// holds from now on.
  func takeCalls(_ events: [Event], in transaction: PostgresTransaction) async throws {
    var ended: [TenantID: [DialStore.EndedCall]] = [:]
    var optOuts: [TenantID: [DialStore.OptOut]] = [:]
    var verdicts: [TenantID: [DialStore.CallVerdict]] = [:]
    for event in events {
      switch event.type {
      case CallProgressed.fullName:
        let progressed = try CallProgressed.decode(event.payload)
        guard let call = CallID(progressed.callId), let id = CampaignID(progressed.campaignId),
          let campaign = try await store.campaign(id, tenant: event.tenant, in: transaction)
        else { continue }
        try await store.renewSlot(
          call, tenant: event.tenant, seconds: quietSeconds(campaign.policy.callDuration), in: transaction)
      case CallEnded.fullName:
        let end = try CallEnded.decode(event.payload)
        guard let call = CallID(end.callId), let campaign = CampaignID(end.campaignId) else { continue }
        verdicts[event.tenant, default: []].append(.init(end, call: call, now: clock.now()))
        ended[event.tenant, default: []].append(
          .init(
            call: call, campaign: campaign, at: end.endedAt?.instant ?? clock.now(),
            placedAt: end.requestedAt?.instant))
      case OptOutHeard.fullName:
        let heard = try OptOutHeard.decode(event.payload)
        optOuts[event.tenant, default: []].append(.init(number: heard.number, call: heard.callId))
      default:
        continue
      }
    }
    for (tenant, calls) in ended.sorted(by: { $0.key < $1.key }) {
      try await store.end(calls, tenant: tenant, in: transaction)
      try await store.judge(verdicts[tenant] ?? [], tenant: tenant, now: clock.now(), in: transaction)
    }
    try await takeOptOuts(optOuts, in: transaction)
  }

  /// From outcome-tracker: what came of a call decides what becomes of its lead.
  func takeOutcomes(_ events: [Event], in transaction: PostgresTransaction) async throws {
    var outcomes: [TenantID: [DialStore.Outcome]] = [:]
    var optOuts: [TenantID: [DialStore.OptOut]] = [:]
    for event in events where event.type == OutcomeDecided.fullName {
      guard let record = try OutcomeDecided.decode(event.payload).call else { continue }
      if record.optedOut {
        optOuts[event.tenant, default: []].append(.init(number: record.to, call: record.callId))
      }
      guard let call = CallID(record.callId),
        let campaign = CampaignID(record.campaignId), let lead = LeadID(record.leadId),
        let outcome = Telephony.CallOutcome(record.outcome)
      else {
        logger.error("an outcome cannot be read and is left out", [LogField("event_id", event.id)])
        continue
      }
      outcomes[event.tenant, default: []].append(
        .init(
          call: call, campaign: campaign, lead: lead, outcome: outcome, optedOut: record.optedOut,
          permanent: record.permanentFailure, endedAt: record.endedAt?.instant ?? clock.now(),
          costMicros: record.costMicros))
    }
    for (tenant, outcomes) in outcomes.sorted(by: { $0.key < $1.key }) {
      try await store.settle(outcomes, tenant: tenant, now: clock.now(), in: transaction)
    }
    try await takeOptOuts(optOuts, in: transaction)
  }

  private func takeOptOuts(_ optOuts: [TenantID: [DialStore.OptOut]], in transaction: PostgresTransaction) async throws
  {
    for (tenant, optOuts) in optOuts.sorted(by: { $0.key < $1.key }) {
      let added = try await store.take(optOuts, tenant: tenant, now: clock.now(), in: transaction)
      if added > 0 { logger.info("people asked not to be called again", [LogField("count", added)]) }
    }
  }
}
