import Core
import EventLog
import Postgres
import RingmasterMessages

/// Keeps the criteria of every campaign, in the transaction that moves the consumer's cursor.
struct ScorerFacts: Sendable {
  let store: ScoreStore

  /// What `take` takes.
  static let types = [CampaignChanged.fullName]

  func take(_ events: [Event], in transaction: PostgresTransaction) async throws {
    for event in events where event.type == CampaignChanged.fullName {
      guard let campaign = try CampaignChanged.decode(event.payload).campaign, let policy = campaign.policy,
        let id = CampaignID(campaign.campaignId)
      else { continue }
      try await store.keep(
        policy, version: Int(campaign.policyVersion), of: id, tenant: event.tenant, in: transaction)
    }
  }
}
