import Core
import EventLog
import Logging
import Postgres
import RingmasterMessages

/// Takes in the calls that media-bridge says have ended, in the transaction that moves the consumer's cursor.
struct TrackerFacts: Sendable {
  let store: OutcomeStore
  let logger: Logger

  func take(_ events: [Event], in transaction: PostgresTransaction) async throws {
    for event in events where event.type == CallEnded.fullName {
      let ended = try CallEnded.decode(event.payload)
      guard let call = CallID(ended.callId), let campaign = CampaignID(ended.campaignId),
        let lead = LeadID(ended.leadId)
      else {
        logger.error("an ended call cannot be read and is left out", [LogField("event_id", event.id)])
        continue
      }
      try await store.take(ended, call: call, campaign: campaign, lead: lead, tenant: event.tenant, in: transaction)
    }
  }
}
