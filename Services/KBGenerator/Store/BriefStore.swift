import Core
import Postgres
import RingmasterMessages

/// The briefs of calls.
struct BriefStore: Sendable {
  let pool: PostgresPool
  private let insert: NamedQuery
  private let byCall: NamedQuery

  init(pool: PostgresPool) throws {
    self.pool = pool
    let catalog = try QueryCatalog(PackageResources.kb_queries_sql)
    insert = try catalog.query("InsertBrief")
    byCall = try catalog.query("BriefByCall")
  }

  /// Keeps a brief unless the call has one already, and answers the one that it has: whoever asks twice hears the same.
  func keep(
    _ brief: CallBrief, for request: BuildCallBriefRequest, call: CallID, campaign: CampaignID, lead: LeadID,
    tenant: TenantID, now: Instant
  ) async throws -> CallBrief {
    let added = try await pool.execute(
      insert, tenant, call, campaign, lead, Int(request.attemptNumber), Int(request.policyVersion), brief.method,
      brief.encoded(), now)
    if added == 1 { return brief }
    return try await self.brief(of: call, tenant: tenant) ?? brief
  }

  func brief(of call: CallID, tenant: TenantID) async throws -> CallBrief? {
    try await pool.query(byCall, tenant, call).first.map { try CallBrief.decode($0.get("brief", as: [UInt8].self)) }
  }
}
