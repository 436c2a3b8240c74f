import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What one claim works under: read and locked at its start, written at its end.
struct ClaimLimits: Sendable {
  var circumstances: Allowance.Circumstances
  var stock: CallerIDStock
  /// Where the tenant's day is counted.
  var tenantZone: TimeZoneRules
  /// The reason for which CampaignBlocked was told and not taken back.
  var blocked: String?
  /// What calls gave back is in here up to this entry, and in the counters once the claim's calls are counted.
  var lastSettlement: Int64
  fileprivate var settlementsBefore: Int64
}

extension DialStore {
  /// A tenant's limits and today's calls, with the zone they are counted in.
  typealias TenantLimit = (standing: TenantStanding, zone: TimeZoneRules)

  /// Reads what limits a campaign's calls and locks what counts. Nil while another claim has the campaign, or when it is
  /// not active any more or its rules are others by now.
  ///
  /// Locks are taken in the order campaign (without waiting), caller ids, provider, tenant; all but the first only where
  /// they limit anything, so that claims of other campaigns go on beside this one.
  ///
  /// - Parameters:
  ///   - settlement: What calls gave back is known up to this entry; see `ClaimPlaces`.
  ///   - locks: False to look at the limits only, not to count on them.
  func limits(
    of rules: CampaignRules, now: Instant, after settlement: Int64 = 0, locks: Bool = true,
    in transaction: PostgresTransaction
  ) async throws -> ClaimLimits? {
    let first = try await transaction.run([
      locks
        ? PostgresStatement(query("LockCounter"), rules.tenant, rules.campaign, rules.policyVersion)
        : PostgresStatement(query("CounterOf"), rules.tenant, rules.campaign),
      PostgresStatement(query("PendingSettlements"), rules.tenant, rules.campaign, settlement),
      callerIDs(of: rules),
      PostgresStatement(query("ProviderLimit"), rules.tenant, rules.provider),
      PostgresStatement(query("TenantLimit"), rules.tenant),
    ])
    guard let counter = first[0].rows.first, let pending = first[1].rows.first else { return nil }
    var provider = try await provider(first[3].rows.first, rules, now: now, in: transaction)
    var tenant = try await tenant(first[4].rows.first, rules.tenant, now: now, in: transaction)
    var stock = try await stock(first[2].rows, for: rules, zone: tenant.zone, now: now, in: transaction)
    // What is limited across campaigns is read again under its lock.
    let (limitsNumbers, limitsProvider, limitsTenant) = (
      stock.room(at: now) != nil, !provider.caps(at: now).isEmpty, !tenant.standing.caps.isEmpty
    )
    if limitsNumbers || limitsProvider || limitsTenant {
      let second = try await transaction.run([
        callerIDs(of: rules, locks: locks && limitsNumbers),
        PostgresStatement(
          query(locks && limitsProvider ? "LockProviderLimit" : "ProviderLimit"), rules.tenant, rules.provider),
        PostgresStatement(query(locks && limitsTenant ? "LockTenantLimit" : "TenantLimit"), rules.tenant),
        PostgresStatement(query("LiveCallsOf"), rules.tenant, rules.provider),
      ])
      stock = try await self.stock(second[0].rows, for: rules, zone: tenant.zone, now: now, in: transaction)
      provider = try await self.provider(second[1].rows.first, rules, now: now, in: transaction)
      tenant = try await self.tenant(second[2].rows.first, rules.tenant, now: now, in: transaction)
      provider.live = try second[3].rows[0].get("provider")
      tenant.standing.live = try second[3].rows[0].get("tenant")
    }
    let circumstances = Allowance.Circumstances(
      live: try counter.get("live", as: Int.self) - pending.get("slots", as: Int.self),
      counters: try Self.counters(counter).rolled(to: now, zone: rules.zone),
      budget: try budget(counter, pending: pending, of: rules), callerIDs: stock.room(at: now),
      tenant: tenant.standing, provider: provider)
    return ClaimLimits(
      circumstances: circumstances, stock: stock, tenantZone: tenant.zone, blocked: try counter.get("blocked"),
      lastSettlement: try pending.get("last"), settlementsBefore: settlement)
  }

  private static func counters(_ row: PostgresRow) throws -> Allowance.Counters {
    Allowance.Counters(
      day: try row.get("day"), dayCalls: try row.get("day_calls"), minuteStart: try row.get("minute_start"),
      minuteCalls: try row.get("minute_calls"))
  }

  private func budget(_ counter: PostgresRow, pending: PostgresRow, of rules: CampaignRules) throws -> Budget {
    var budget = Budget(
      limit: rules.budgetMicros, spent: try counter.get("spent_micros"), reserved: try counter.get("reserved_micros"),
      expected: expectedCost(rules))
    budget.settle(reservation: try pending.get("released"), cost: try pending.get("spent"))
    return budget
  }

  /// What a call of a campaign is reserved at.
  func expectedCost(_ rules: CampaignRules) -> Int64 {
    rules.expectedCallCostMicros ?? settings.rateCard.cost(of: rules.maxCallDuration)
  }

  /// What counts calls that are permitted, to be run in the transaction that permits them.
  func counting(
    _ calls: Int, under limits: ClaimLimits, rules: CampaignRules, now: Instant
  ) throws -> [PostgresStatement] {
    var counters = limits.circumstances.counters
    counters.count(calls)
    let (tenant, campaign) = (rules.tenant, rules.campaign)
    return try saving(limits.stock, tenant: tenant) + [
      PostgresStatement(
        try query("CountCalls"), tenant, campaign, counters.day, counters.dayCalls, counters.minuteStart,
        counters.minuteCalls, limits.circumstances.budget.expected * Int64(calls), calls, rules.provider,
        now.startOfMinute, limits.settlementsBefore),
      PostgresStatement(try query("CountTenantCalls"), tenant, limits.tenantZone.local(at: now).date, calls),
    ]
  }

  /// Tells once that a campaign cannot go on, and forgets it when it can again.
  func tellBlocked(
    _ allowance: Allowance, under limits: ClaimLimits, rules: CampaignRules, now: Instant,
    in transaction: PostgresTransaction
  ) async throws {
    let blockage =
      allowance.calls > 0 ? nil : Blockage(allowance, limits.circumstances, stock: limits.stock, at: now)
    // What only stands in the way for a moment says nothing about a reason that was told.
    guard blockage != nil || allowance.calls > 0, blockage?.reason.rawValue != limits.blocked else { return }
    try await transaction.execute(query("SetBlocked"), rules.tenant, rules.campaign, blockage?.reason.rawValue)
    guard let blockage else { return }
    var event = CampaignBlocked()
    event.campaignId = rules.campaign.description
    event.reason = blockage.reason.rawValue
    event.detail = blockage.detail
    event.until = blockage.until.map(Timestamp.init)
    try events.append(
      [NewEvent(key: event.campaignId, message: event)], in: transaction, at: now, tenant: rules.tenant)
  }

  /// An attempt never left: what was counted for it on its day is given back, to the campaign, its number and the tenant.
  /// Locks in the order of claims.
  func giveBack(_ permit: DialPermit, rules: CampaignRules, in transaction: PostgresTransaction) async throws {
    guard let grantedAt = permit.grantedAt?.instant else { return }
    let results = try await transaction.run([
      PostgresStatement(
        query("GiveBackCampaignCall"), rules.tenant, rules.campaign, rules.zone.local(at: grantedAt).date),
      PostgresStatement(query("LockCallerID"), rules.tenant, permit.from),
    ])
    var statements: [PostgresStatement] = []
    if let row = results[1].rows.first {
      let day = try Self.callerID(row).callerID.zone.local(at: grantedAt).date
      statements.append(PostgresStatement(try query("GiveBackCallerIDUse"), rules.tenant, permit.from, day))
    }
    let row = try await transaction.query(query("TenantLimit"), rules.tenant).first
    let tenant = try await tenant(row, rules.tenant, now: grantedAt, in: transaction)
    statements.append(
      PostgresStatement(try query("GiveBackTenantCall"), rules.tenant, tenant.zone.local(at: grantedAt).date))
    _ = try await transaction.run(statements)
  }

  /// How a campaign's budget stands.
  func budget(_ rules: CampaignRules) async throws -> Budget {
    let row = try await pool.query(query("BudgetOf"), rules.tenant, rules.campaign).first
    return Budget(
      limit: rules.budgetMicros, spent: try row?.get("spent") ?? 0, reserved: try row?.get("reserved") ?? 0,
      expected: expectedCost(rules))
  }

  /// Nothing is placed with a provider for a while: it said so itself, or no agent is free.
  ///
  /// - Parameter until: Business time.
  func hold(
    _ provider: String, tenant: TenantID, until: Instant, reason: Blockage.Reason, now: Instant
  ) async throws {
    try await pool.execute(
      query("HoldProvider"), tenant, provider, now, until, reason.rawValue, Self.holdGap.inSeconds)
  }
}

// MARK: Tenants and providers

extension DialStore {
  /// A tenant's limits as a row has them, without its live calls. No row: it is made.
  func tenant(
    _ row: PostgresRow?, _ tenant: TenantID, now: Instant, in session: any PostgresSession
  ) async throws -> TenantLimit {
    var row = row
    if row == nil {
      try await session.execute(query("EnsureTenantLimit"), tenant)
      row = try await session.query(query("TenantLimit"), tenant).first
    }
    guard let row, let zone = TimeZoneRules.named(try row.get("time_zone")) else {
      throw PostgresError(.invalidRow, "a tenant's limits are missing or name a zone that is not known")
    }
    // Another instance, whose clock is ahead, may have begun the next day: what is left of this one counts into it.
    let isToday = try row.get("day", as: CivilDate.self) >= zone.local(at: now).date
    return (
      TenantStanding(
        maxCallsPerDay: try row.get("max_calls_per_day"), maxConcurrentCalls: try row.get("max_concurrent_calls"),
        dayCalls: isToday ? try row.get("day_calls") : 0), zone
    )
  }

  private func provider(
    _ row: PostgresRow?, _ rules: CampaignRules, now: Instant, in session: any PostgresSession
  ) async throws -> ProviderStanding {
    try await provider(row, rules.provider, tenant: rules.tenant, now: now, in: session)
  }

  /// A provider's limits as a row has them, without its live calls. No row: it is made.
  func provider(
    _ row: PostgresRow?, _ name: String, tenant: TenantID, now: Instant, in session: any PostgresSession
  ) async throws -> ProviderStanding {
    var row = row
    if row == nil {
      try await session.execute(query("EnsureProviderLimit"), tenant, name)
      row = try await session.query(query("ProviderLimit"), tenant, name).first
    }
    guard let row else { throw PostgresError(.invalidRow, "a provider's limits are missing") }
    let isThisMinute = try row.get("minute_start", as: Instant.self) >= now.startOfMinute
    var standing = ProviderStanding(
      maxConcurrentCalls: try row.get("max_concurrent_calls", as: Int?.self) ?? settings.maxConcurrentCalls,
      inboundPercent: try row.get("inbound_percent", as: Int?.self) ?? settings.inboundPercent,
      maxCallsPerMinute: try row.get("max_calls_per_minute", as: Int?.self) ?? settings.maxCallsPerMinute,
      minuteCalls: isThisMinute ? try row.get("minute_calls") : 0, breaker: try Self.breaker(row))
    if let until: Instant = try row.get("held_until", as: Instant?.self),
      let reason = try row.get("held_reason", as: String?.self).flatMap(Blockage.Reason.init(rawValue:))
    {
      standing.hold = .init(until: until, since: try row.get("held_since", as: Instant?.self) ?? until, reason: reason)
    }
    return standing
  }

  static func breaker(_ row: PostgresRow) throws -> CircuitBreaker {
    CircuitBreaker(
      failures: try row.get("failures"), openings: try row.get("openings"), openUntil: try row.get("open_until"))
  }

  /// Both as they stand with their live calls, for people.
  func standings(
    tenant id: TenantID, provider name: String, now: Instant
  ) async throws -> (tenant: TenantLimit, provider: ProviderStanding) {
    let results = try await pool.run([
      PostgresStatement(query("TenantLimit"), id), PostgresStatement(query("ProviderLimit"), id, name),
      PostgresStatement(query("LiveCallsOf"), id, name),
    ])
    var tenant = try await tenant(results[0].rows.first, id, now: now, in: pool)
    var provider = try await provider(results[1].rows.first, name, tenant: id, now: now, in: pool)
    tenant.standing.live = try results[2].rows.first?.get("tenant") ?? 0
    provider.live = try results[2].rows.first?.get("provider") ?? 0
    return (tenant, provider)
  }

  /// What tenants and providers take of the campaigns' calls at the moment, where they limit them.
  func headroom(for campaigns: [KnownCampaign], now: Instant) async throws -> ClaimShares.Headroom {
    let accounts = Set(campaigns.map { ClaimShares.Account(tenant: $0.rules.tenant, provider: $0.rules.provider) })
    guard !accounts.isEmpty else { return ClaimShares.Headroom() }
    let asked = Array(accounts)
    let rows = try await pool.query(
      query("Headrooms"), asked.map(\.tenant), asked.map(\.provider), now.startOfMinute, settings.maxConcurrentCalls,
      settings.maxCallsPerMinute, settings.inboundPercent)
    var headroom = ClaimShares.Headroom()
    for row in rows {
      let tenant: TenantID = try row.get("tenant_id")
      headroom.tenants[tenant] = try row.get("tenant_room", as: Int?.self)
      headroom.accounts[.init(tenant: tenant, provider: try row.get("provider"))] = try row.get(
        "provider_room", as: Int?.self)
    }
    return headroom
  }

  func setTenantLimit(
    _ tenant: TenantID, zone: TimeZoneRules, maxCallsPerDay: Int?, maxConcurrentCalls: Int?
  ) async throws {
    try await pool.execute(query("SetTenantLimit"), tenant, zone.name, maxCallsPerDay, maxConcurrentCalls)
  }

  func setProviderLimit(
    _ provider: String, tenant: TenantID, maxConcurrentCalls: Int?, inboundPercent: Int?, maxCallsPerMinute: Int?
  ) async throws {
    try await pool.execute(
      query("SetProviderLimit"), tenant, provider, maxConcurrentCalls, inboundPercent, maxCallsPerMinute)
  }
}
