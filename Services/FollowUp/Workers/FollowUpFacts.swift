import CampaignTerms
import Core
import EventLog
import Logging
import Postgres
import RingmasterMessages
import Telephony

/// Plans what follows each call, in the transaction that moves the consumer's cursor.
struct FollowUpFacts: Sendable {
  let store: ActionStore
  let clock: any BusinessClock
  let logger: Logger

  func take(_ events: [Event], in transaction: PostgresTransaction) async throws {
    for event in events where event.type == OutcomeDecided.fullName {
      guard let record = try OutcomeDecided.decode(event.payload).call, let call = CallID(record.callId),
        let campaign = CampaignID(record.campaignId), let lead = LeadID(record.leadId),
        let outcome = Telephony.CallOutcome(record.outcome)
      else {
        logger.error("an outcome cannot be read and is left out", [LogField("event_id", event.id)])
        continue
      }
      let step = NextStep.decide(
        outcome: outcome, optedOut: record.optedOut, attemptNumber: Int(record.attemptNumber),
        scoredAction: record.score?.nextAction)
      try await store.plan(
        step, after: outcome, call: call, campaign: campaign, lead: lead, tenant: event.tenant, at: clock.now(),
        in: transaction)
    }
  }

  /// What `takeSteps` takes.
  static let stepTypes = [EmailStepDue.fullName]

  /// From campaign-executor: emails of a campaign's sequence.
  func takeSteps(_ events: [Event], in transaction: PostgresTransaction) async throws {
    for event in events where event.type == EmailStepDue.fullName {
      let due = try EmailStepDue.decode(event.payload)
      guard let lead = due.lead, let campaign = CampaignID(lead.campaignId), let id = LeadID(lead.leadId) else {
        logger.error("an email step cannot be read and is left out", [LogField("event_id", event.id)])
        continue
      }
      let outcome = Telephony.CallOutcome(lead.outcome)
      let step = NextStep.email(step: Int(due.step), outcome: outcome, attempts: Int(lead.attempts))
      // There is no call: the row's id is that of the step, so that it is planned once.
      let row = CallID(UniqueID.derived(from: "sequence_step", lead.campaignId, lead.leadId, "\(due.step)"))
      try await store.plan(
        step, after: outcome, call: row, campaign: campaign, lead: id, tenant: event.tenant, at: clock.now(),
        in: transaction)
    }
  }
}
