import Core
import Postgres
import RingmasterMessages

/// Criteria of campaigns and scores of calls.
struct ScoreStore: Sendable {
  let pool: PostgresPool
  private let upsertCampaign: NamedQuery
  private let campaignByID: NamedQuery
  private let insertScore: NamedQuery
  private let scoreByCall: NamedQuery

  init(pool: PostgresPool) throws {
    self.pool = pool
    let catalog = try QueryCatalog(PackageResources.scorer_queries_sql)
    upsertCampaign = try catalog.query("UpsertCampaign")
    campaignByID = try catalog.query("CampaignByID")
    insertScore = try catalog.query("InsertScore")
    scoreByCall = try catalog.query("ScoreByCall")
  }

  func keep(
    _ policy: CampaignPolicy, version: Int, of campaign: CampaignID, tenant: TenantID,
    in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(upsertCampaign, tenant, campaign, version, policy.encoded())
  }

  /// The newest policy of a campaign that its events have brought here.
  func policy(of campaign: CampaignID, tenant: TenantID) async throws -> (version: Int, policy: CampaignPolicy)? {
    try await pool.query(campaignByID, tenant, campaign).first.map { row in
      (try row.get("policy_version"), try CampaignPolicy.decode(row.get("policy", as: [UInt8].self)))
    }
  }

  /// Keeps a score unless the call has one already, and answers the one that it has.
  func keep(
    _ score: Score, call: CallID, campaign: CampaignID, lead: LeadID, policyVersion: Int, tenant: TenantID, now: Instant
  ) async throws -> Score {
    let added = try await pool.execute(
      insertScore, tenant, call, campaign, lead, policyVersion, Int(score.score), score.qualified, score.method,
      score.encoded(), now)
    if added == 1 { return score }
    return try await self.score(of: call, tenant: tenant) ?? score
  }

  func score(of call: CallID, tenant: TenantID) async throws -> Score? {
    try await pool.query(scoreByCall, tenant, call).first.map { try Score.decode($0.get("details", as: [UInt8].self)) }
  }
}
