import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// The dialer's schema: queue, attempts, leases. Domain values in and out; the statements are in `SQL/queries`.
struct DialStore: Sendable {
  let pool: PostgresPool
  let events: EventLog
  private let catalog: QueryCatalog

  init(pool: PostgresPool, events: EventLog) throws {
    self.pool = pool
    self.events = events
    catalog = try QueryCatalog(PackageResources.dialer_queries_sql)
  }

  func query(_ name: String) throws -> NamedQuery { try catalog.query(name) }

  /// A campaign with its rules and the policy they were read from.
  struct KnownCampaign: Sendable {
    var state: String
    var rules: CampaignRules
    var policy: CampaignPolicy
  }

  /// Campaigns that call now, of all tenants. One whose policy cannot be read is left out and named in `unreadable`.
  func activeCampaigns() async throws -> (campaigns: [KnownCampaign], unreadable: [CampaignID]) {
    var campaigns: [KnownCampaign] = []
    var unreadable: [CampaignID] = []
    for row in try await pool.query(query("ActiveCampaigns")) {
      let id: CampaignID = try row.get("campaign_id")
      do {
        campaigns.append(try Self.campaign(id, tenant: row.get("tenant_id"), state: "active", row: row))
      } catch let error as CampaignTerms.Problems {
        _ = error
        unreadable.append(id)
      }
    }
    return (campaigns, unreadable)
  }

  func campaign(
    _ id: CampaignID, tenant: TenantID, in transaction: PostgresTransaction? = nil
  ) async throws -> KnownCampaign? {
    let query = try query("CampaignByID")
    let rows =
      if let transaction { try await transaction.query(query, tenant, id) } else {
        try await pool.query(query, tenant, id)
      }
    return try rows.first.map { try Self.campaign(id, tenant: tenant, state: $0.get("state"), row: $0) }
  }

  private static func campaign(
    _ id: CampaignID, tenant: TenantID, state: String, row: PostgresRow
  ) throws -> KnownCampaign {
    let policy = try CampaignPolicy.decode(row.get("policy", as: [UInt8].self))
    let rules = CampaignRules(
      tenant: tenant, campaign: id, policyVersion: try row.get("policy_version"), terms: try CampaignTerms(policy))
    return KnownCampaign(state: state, rules: rules, policy: policy)
  }

  /// An attempt as it stands.
  struct StoredAttempt: Sendable {
    var call: CallID
    var state: String
    var permit: DialPermit
    var outcome: Telephony.CallOutcome?
    var endedAt: Instant?
  }

  func attempt(_ call: CallID, tenant: TenantID) async throws -> StoredAttempt? {
    try await pool.query(query("AttemptByID"), tenant, call).first.map { try Self.attempt(call, $0) }
  }

  /// A page of a campaign's attempts after `call`, by id; all of one lead's, by number.
  func attempts(
    of campaign: CampaignID, lead: LeadID?, tenant: TenantID, after call: CallID, limit: Int
  ) async throws -> [StoredAttempt] {
    let rows =
      if let lead {
        try await pool.query(query("AttemptsOfLead"), tenant, campaign, lead)
      } else {
        try await pool.query(query("AttemptsPage"), tenant, campaign, call, limit)
      }
    return try rows.map { try Self.attempt($0.get("call_id"), $0) }
  }

  private static func attempt(_ call: CallID, _ row: PostgresRow) throws -> StoredAttempt {
    StoredAttempt(
      call: call, state: try row.get("state"), permit: try DialPermit.decode(row.get("permit", as: [UInt8].self)),
      outcome: try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:)),
      endedAt: try row.get("ended_at"))
  }

  func queueStatus(of campaign: CampaignID, tenant: TenantID, now: Instant) async throws -> QueueStatus {
    var status = QueueStatus()
    guard let row = try await pool.query(query("QueueStatus"), tenant, campaign, now).first else { return status }
    status.waitingFirst = try row.get("waiting_first")
    status.waitingRetry = try row.get("waiting_retry")
    status.due = try row.get("due")
    status.inFlight = try row.get("in_flight")
    status.nextDueAt = try row.get("next_due_at", as: Instant?.self).map(Timestamp.init)
    return status
  }
}

extension CampaignRules {
  init(tenant: TenantID, campaign: CampaignID, policyVersion: Int, terms: CampaignTerms) {
    self.init(
      tenant: tenant, campaign: campaign, policyVersion: policyVersion, callType: terms.callType,
      windows: terms.windows, zone: terms.zone, retries: terms.retries, maxCallsPerLead: terms.maxCallsPerLead,
      maxCallsPerDay: terms.maxCallsPerDay, maxCallsPerMinute: terms.maxCallsPerMinute,
      maxConcurrentCalls: terms.maxConcurrentCalls, callerIDs: terms.callerIDs, startsAt: terms.startsAt,
      endsAt: terms.endsAt)
  }
}

extension LeadPlace {
  /// Where a lead of the queue is. A number that cannot be read any more has no place: it is not called.
  init(_ lead: Lead) {
    if let number = try? PhoneNumber.parse(lead.phone, defaultRegion: nil) {
      self.init(number: number, zone: lead.timeZone)
    } else {
      self.init()
    }
  }
}
