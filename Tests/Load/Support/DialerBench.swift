import AutoDialer
import Core
import EventLog
import Postgres
import RingmasterMessages

/// The dialer's schema in a database, and campaigns that dial.
package struct DialerBench: Sendable {
  package let pool: PostgresPool
  package let store: DialStore
  package let tenant = TenantID.standard
  package let campaigns: [CampaignID]
  /// A Monday, 10:00 in New York.
  package let now = Instant(microsecondsSince1970: 1_772_463_600_000_000)
  private let admin: PostgresPool

  /// Brings the schema up to date.
  package init(url: String, connections: Int, campaigns: Int = 1) async throws {
    self.campaigns = (1...campaigns).map { CampaignID(UniqueID(high: 1, low: UInt64($0))) }
    let schema = try AutoDialerApplication.schema()
    try await Migrator(schema: schema.name, role: schema.role, migrations: schema.migrations).run(on: url)
    pool = PostgresPool(
      configuration: PostgresConfiguration(
        url: url, poolSize: connections, schema: schema.name, role: schema.role))
    admin = PostgresPool(
      configuration: PostgresConfiguration(
        url: url, poolSize: 1, schema: schema.name, statementTimeout: .seconds(600)))
    store = try DialStore(pool: pool, events: EventLog(schema: schema.name))
  }

  package func close() {
    pool.close()
    admin.close()
  }

  /// The first.
  package var campaign: CampaignID { campaigns[0] }

  /// Empties the schema and takes in the campaigns, without leads.
  package func begin(maxConcurrentCalls: Int32) async throws {
    try await execute(
      "truncate campaign, campaign_counter, provider_limit, task, queue, permit, under_way, settled, settlement, "
        + "lead_end, event")
    var policy = CampaignPolicy.load
    policy.maxConcurrentCalls = maxConcurrentCalls
    let told = campaigns.map {
      Campaign(campaignId: $0.description, state: .active, policy: policy, policyVersion: 1)
    }
    try await pool.transaction(name: "fill") { transaction in
      for campaign in told { try await store.take(campaign, tenant: tenant, now: now, in: transaction) }
    }
  }

  /// Tells the planner of what was filled in, and has it written out before anything is measured.
  package func settleDown(_ tables: [String]) async throws {
    for table in tables { try await execute("vacuum analyze \(table)") }
    try await execute("checkpoint")
  }

  /// Runs SQL of the benchmark's own as an administrator.
  package func execute(_ sql: String, _ values: [any PostgresEncodable] = []) async throws {
    try await admin.execute(NamedQuery(name: "benchmark", sql: sql), values: values)
  }
}

extension CampaignPolicy {
  /// What every campaign of a load has.
  package static var load: CampaignPolicy {
    var policy = CampaignPolicy()
    policy.name = "Load"
    policy.callType = .qualifyLead
    policy.agentName = "Robin"
    policy.businessName = "Northwind"
    policy.callerIds = ["+15005550006"]
    policy.timeZone = "America/New_York"
    policy.maxConcurrentCalls = 10_000
    return policy
  }
}
