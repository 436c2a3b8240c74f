import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import ServiceRuntime
import Telephony
import TestSupport
import Testing
import Wire

@testable import AutoDialer

/// The dialer's schema in a database of a test's own, and what campaign-executor would tell it.
struct Dialers: Sendable {
  let database: TestDatabase
  let pool: PostgresPool
  var store: DialStore
  let tenant = TenantID.standard

  /// Monday, 10:00 in New York.
  static let monday = Instant(microsecondsSince1970: 1_772_463_600_000_000)

  /// - Parameter others: Schemas of other services in the same database.
  static func with<R: Sendable>(
    gate: ClearanceGate = .closed, others: [DatabaseSchema] = [], _ body: (Dialers) async throws -> R
  ) async throws -> R {
    let schema = try AutoDialerApplication.schema()
    let migrators = ([schema] + others).map { Migrator(schema: $0.name, role: $0.role, migrations: $0.migrations) }
    return try await TestDatabase.with(migrators) { database in
      let pool = database.pool(schema: schema.name, role: schema.role, size: 8)
      defer { pool.close() }
      let store = try DialStore(pool: pool, events: EventLog(schema: schema.name), gate: gate, settings: .standard)
      return try await body(Dialers(database: database, pool: pool, store: store))
    }
  }

  static var policy: CampaignPolicy {
    var policy = CampaignPolicy()
    policy.name = "Test"
    policy.callType = .qualifyLead
    policy.agentName = "Robin"
    policy.businessName = "Northwind"
    policy.callerIds = ["+15005550006"]
    policy.timeZone = "America/New_York"
    policy.maxConcurrentCalls = 10_000
    return policy
  }

  /// The same hours every day.
  static func windows(_ hours: ClosedRange<Int32>) -> [RingmasterMessages.CallWindow] {
    (Int32(1)...7).map { weekday in
      var window = RingmasterMessages.CallWindow()
      (window.weekday, window.startMinute, window.endMinute) = (weekday, hours.lowerBound * 60, hours.upperBound * 60)
      return window
    }
  }

  /// A campaign that is active.
  func campaign(
    _ policy: CampaignPolicy = Self.policy, at now: Instant = Self.monday
  ) async throws -> DialStore.KnownCampaign {
    var campaign = Campaign()
    campaign.campaignId = CampaignID.random().description
    campaign.state = .active
    campaign.policy = policy
    campaign.policyVersion = 1
    try await take(campaign, at: now)
    let id = try #require(CampaignID(campaign.campaignId))
    return try #require(try await store.campaign(id, tenant: tenant))
  }

  /// The campaign is over, whatever of it waits.
  func cancel(_ known: DialStore.KnownCampaign) async throws { try await take(Self.over(known)) }

  static func over(_ known: DialStore.KnownCampaign) -> Campaign {
    Campaign(campaignId: known.rules.campaign.description, state: .cancelled, policy: known.policy, policyVersion: 1)
  }

  func take(_ campaign: Campaign, at now: Instant = Self.monday) async throws {
    try await pool.transaction(name: "campaign") { transaction in
      try await store.take(campaign, tenant: tenant, now: now, in: transaction)
    }
  }

  /// A lead in New York; each number has another one.
  static func lead(_ number: Int) -> Lead {
    var lead = Lead()
    lead.leadId = LeadID(UniqueID.derived(from: "lead", "\(number)")).description
    lead.phone = "+1212555\(String(1000 + number % 9000))"
    lead.region = "US"
    return lead
  }

  func add(_ leads: [Lead], to campaign: DialStore.KnownCampaign, at now: Instant = Self.monday) async throws {
    try await pool.transaction(name: "leads") { transaction in
      try await store.take(
        leads, campaign: campaign.rules.campaign, tenant: tenant, now: now, in: transaction)
    }
  }

  func claim(
    _ campaign: DialStore.KnownCampaign, at now: Instant = Self.monday, most: Int = 100,
    places: ClaimPlaces = ClaimPlaces()
  ) async throws -> DialStore.Claim {
    try await store.claim(
      campaign.rules, now: now, most: most, places: places, slotSeconds: 300)
  }

  /// The call ended with this outcome.
  func settle(
    _ attempt: DialStore.ClaimedAttempt, _ outcome: Telephony.CallOutcome, of campaign: DialStore.KnownCampaign,
    permanent: Bool = false, optedOut: Bool = false, costMicros: Int64 = 0, at now: Instant = Self.monday
  ) async throws {
    let lead = try #require(LeadID(attempt.permit.leadId))
    try await pool.transaction(name: "settle") { transaction in
      try await store.settle(
        [
          .init(
            call: attempt.call, campaign: campaign.rules.campaign, lead: lead, outcome: outcome, optedOut: optedOut,
            permanent: permanent, endedAt: now, costMicros: costMicros)
        ], tenant: tenant, now: now, in: transaction)
    }
  }

  /// What an SQL statement of the test's own counts.
  func count(_ sql: String) async throws -> Int {
    try await pool.query(NamedQuery(name: "count", sql: "select count(*) as n from (\(sql)) as counted"))[0].get("n")
  }

  /// Whether the counters of campaigns and providers, with what is to be added up, say how many slots are held.
  func slotsAgree() async throws -> Bool {
    try await count(
      """
      select 1 from campaign_counter c where live
        - coalesce((select sum(slots) from settlement s where (s.tenant_id, s.campaign_id) = (c.tenant_id, c.campaign_id)), 0)
        <> (select count(*) from under_way u
            where (u.tenant_id, u.campaign_id) = (c.tenant_id, c.campaign_id) and u.slot_until is not null)
      union all
      select 1 from provider_limit p where live
        - coalesce((select sum(slots) from settlement s where (s.tenant_id, s.provider) = (p.tenant_id, p.provider)), 0)
        <> (select count(*) from under_way u
            where (u.tenant_id, u.provider) = (p.tenant_id, p.provider) and u.slot_until is not null)
      """) == 0
  }

  /// Open leads that neither wait nor are being called: there must never be one.
  func lost() async throws -> Int {
    try await count(
      """
      select 1 from task t where state = 'open'
        and (select count(*) from queue q where (q.tenant_id, q.campaign_id, q.lead_id) = (t.tenant_id, t.campaign_id, t.lead_id))
          + (select count(*) from attempt a where (a.tenant_id, a.campaign_id, a.lead_id) = (t.tenant_id, t.campaign_id, t.lead_id)
             and a.outcome is null and a.state <> 'withdrawn') <> 1
      """)
  }
}
