import CampaignTerms
import Core
import EventLog
import Postgres
import RPC
import RingmasterMessages
import Wire

/// Campaigns, their policies and states. The statements are in `SQL/queries`.
struct CampaignStore: Sendable {
  let pool: PostgresPool
  let events: EventLog
  private let catalog: QueryCatalog
  /// Leads that are called once more by one request at most: it is one transaction, which keeps their events until then.
  var mostRecycled = 20_000
  /// Leads that one transaction copies into a campaign's clone.
  var copiedAtOnce = leadsPerEvent
  /// Where new ids come from.
  var newID: @Sendable () -> UniqueID = UniqueID.random

  init(pool: PostgresPool, events: EventLog) throws {
    self.pool = pool
    self.events = events
    catalog = try QueryCatalog(
      PackageResources.campaign_queries_sql, PackageResources.lead_queries_sql, PackageResources.notice_queries_sql)
  }

  func query(_ name: String) throws -> NamedQuery { try catalog.query(name) }

  func create(_ policy: CampaignPolicy, tenant: TenantID, actor: String, now: Instant) async throws -> Campaign {
    let id = CampaignID(newID())
    return try await pool.transaction(name: "CreateCampaign") { transaction in
      try await create(id, policy, tenant: tenant, actor: actor, now: now, in: transaction)
    }
  }

  func create(
    _ id: CampaignID, _ policy: CampaignPolicy, tenant: TenantID, actor: String, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> Campaign {
    try await transaction.execute(query("InsertCampaign"), tenant, id, policy.encoded(), now)
    try await transaction.execute(query("InsertProgress"), tenant, id)
    try await transaction.execute(query("InsertPolicyVersion"), tenant, id, 1, policy.encoded(), actor, now)
    return try await changed(id, tenant: tenant, now: now, in: transaction)
  }

  func campaign(_ id: CampaignID, tenant: TenantID) async throws -> Campaign? {
    try await pool.query(query("CampaignByID"), tenant, id).first.map(Campaign.init)
  }

  func campaigns(
    tenant: TenantID, after: CampaignID, state: CampaignLife.State?, limit: Int
  ) async throws -> [Campaign] {
    try await pool.query(query("CampaignsPage"), tenant, after, state?.rawValue, limit).map(Campaign.init)
  }

  /// Sets a new policy, as a new version.
  ///
  /// - Throws: ABORTED when `expectedVersion` is not zero and not the current one.
  func update(
    _ id: CampaignID, policy: CampaignPolicy, expectedVersion: Int, tenant: TenantID, actor: String, now: Instant
  ) async throws -> Campaign {
    try await pool.transaction(name: "UpdateCampaign") { transaction in
      let current = try await lock(id, tenant: tenant, in: transaction)
      if let state = CampaignLife.State(current.state), state.isOver {
        throw RPCError(.failedPrecondition, "the campaign is \(state.rawValue) and cannot be changed")
      }
      guard expectedVersion == 0 || expectedVersion == Int(current.policyVersion) else {
        throw RPCError(
          .aborted,
          "the campaign was changed meanwhile: version \(current.policyVersion) stands, \(expectedVersion) was edited; read it again"
        )
      }
      let version = Int(current.policyVersion) + 1
      try await transaction.execute(query("SavePolicy"), tenant, id, policy.encoded(), version, now)
      try await transaction.execute(query("InsertPolicyVersion"), tenant, id, version, policy.encoded(), actor, now)
      _ = try await changed(id, tenant: tenant, now: now, in: transaction)
      // The edit may have changed what it waits for: it is not fed any more, or its budget is spent.
      try await followProgress(of: id, tenant: tenant, now: now, in: transaction)
      return try await lock(id, tenant: tenant, in: transaction)
    }
  }

  func delete(_ id: CampaignID, tenant: TenantID) async throws {
    try await pool.transaction(name: "DeleteCampaign") { transaction in
      let campaign = try await lock(id, tenant: tenant, in: transaction)
      guard campaign.state == .draft || campaign.state == .cancelled else {
        throw RPCError(.failedPrecondition, "only a draft or a stopped campaign can be deleted; stop it first")
      }
      try await transaction.execute(query("DeleteLeads"), tenant, id)
      try await transaction.execute(query("DeleteCampaign"), tenant, id)
    }
  }

  /// Changes the state of a campaign, with the audit entry and the event.
  func change(
    _ id: CampaignID, _ change: CampaignLife.Change, tenant: TenantID, actor: String, reason: String, now: Instant
  ) async throws -> Campaign {
    try await pool.transaction(name: "ChangeCampaign") { transaction in
      let campaign = try await lock(id, tenant: tenant, in: transaction)
      if change == .start, campaign.policy?.alwaysOn != true {
        let leads: Int64? = try await transaction.query(query("ProgressOfCampaign"), tenant, id).first?.get("leads")
        guard let leads, leads > 0 else {
          throw RPCError(.failedPrecondition, "the campaign has no leads; upload some before it is started")
        }
      }
      return try await move(
        campaign, id: id, change, tenant: tenant, actor: actor, reason: reason, now: now, in: transaction)
    }
  }

  /// The change itself, on a campaign that the transaction has locked.
  func move(
    _ campaign: Campaign, id: CampaignID, _ change: CampaignLife.Change, tenant: TenantID, actor: String,
    reason: String, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Campaign {
    guard let from = CampaignLife.State(campaign.state) else {
      throw RPCError(.internalError, "the campaign's state cannot be read")
    }
    let to: CampaignLife.State
    do {
      to = try CampaignLife.state(after: change, from: from)
    } catch let refusal {
      throw RPCError(.failedPrecondition, refusal.message)
    }
    try await transaction.execute(query("SaveState"), tenant, id, to.rawValue, reason, now)
    try await transaction.execute(query("InsertAudit"), tenant, id, from.rawValue, to.rawValue, actor, reason, now)
    try await transaction.execute(query("MoveProgress"), tenant, id, 0, 0, 0, 0, 0, 0, 0, 0)
    return try await changed(id, tenant: tenant, now: now, in: transaction)
  }

  func audit(of id: CampaignID, tenant: TenantID) async throws -> [CampaignAuditEntry] {
    try await pool.query(query("AuditOfCampaign"), tenant, id).map { row in
      var entry = CampaignAuditEntry()
      entry.from = CampaignLife.State(rawValue: try row.get("from_state"))?.wire ?? .unspecified
      entry.to = CampaignLife.State(rawValue: try row.get("to_state"))?.wire ?? .unspecified
      entry.actor = try row.get("actor")
      entry.reason = try row.get("reason")
      entry.at = Timestamp(try row.get("at", as: Instant.self))
      return entry
    }
  }

  /// The campaign, which nobody else changes until the transaction ends.
  ///
  /// - Throws: NOT_FOUND.
  func lock(_ id: CampaignID, tenant: TenantID, in transaction: PostgresTransaction) async throws -> Campaign {
    guard let row = try await transaction.query(query("LockCampaign"), tenant, id).first else {
      throw RPCError(.notFound, "no campaign has the id \(id)")
    }
    return try Campaign(row)
  }

  /// Tells of the campaign as it is now.
  private func changed(
    _ id: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Campaign {
    let campaign = try await lock(id, tenant: tenant, in: transaction)
    var event = CampaignChanged()
    event.campaign = campaign
    try events.append(
      [NewEvent(key: id.description, message: event)], in: transaction, at: now, tenant: tenant)
    return campaign
  }
}

extension Campaign {
  init(_ row: PostgresRow) throws {
    self.init()
    campaignId = try row.get("campaign_id", as: CampaignID.self).description
    state = CampaignLife.State(rawValue: try row.get("state"))?.wire ?? .unspecified
    stateReason = try row.get("state_reason")
    policyVersion = Int32(try row.get("policy_version", as: Int.self))
    policy = try CampaignPolicy.decode(row.get("policy", as: [UInt8].self))
    createdAt = Timestamp(try row.get("created_at", as: Instant.self))
    updatedAt = Timestamp(try row.get("updated_at", as: Instant.self))
    startedAt = try row.get("started_at", as: Instant?.self).map(Timestamp.init)
    endedAt = try row.get("ended_at", as: Instant?.self).map(Timestamp.init)
  }
}

extension CampaignLife.State {
  init?(_ wire: CampaignState) {
    switch wire {
    case .draft: self = .draft
    case .active: self = .active
    case .paused: self = .paused
    case .completed: self = .completed
    case .cancelled: self = .cancelled
    case .unspecified, .unrecognized: return nil
    }
  }

  var wire: CampaignState {
    switch self {
    case .draft: .draft
    case .active: .active
    case .paused: .paused
    case .completed: .completed
    case .cancelled: .cancelled
    }
  }
}
