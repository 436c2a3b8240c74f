import Core
import Postgres
import RPC
import Telephony

/// One do-not-call list.
struct DoNotCallList: Hashable, Sendable {
  /// The tenant of the global list's rows.
  static let everybody = TenantID(UniqueID(high: 0, low: 0))
  /// The campaign of rows that hold for all campaigns.
  static let allCampaigns = CampaignID(UniqueID(high: 0, low: 0))

  static let global = DoNotCallList(tenant: everybody, campaign: allCampaigns)

  /// As rows have them.
  var tenant: TenantID
  var campaign: CampaignID

  static func of(_ tenant: TenantID) -> DoNotCallList { DoNotCallList(tenant: tenant, campaign: allCampaigns) }

  var scope: DoNotCallEntry.Scope {
    if tenant == Self.everybody { return .global }
    return campaign == Self.allCampaigns ? .tenant : .campaign(campaign)
  }
}

/// Do-not-call lists. What holds is what is committed: a claim and, just before the bridge is asked, the placer look
/// here, so nothing needs to be locked for an entry to take effect at once.
extension DialStore {
  /// A number to be put on a list.
  struct NewDoNotCall: Hashable, Sendable {
    /// E.164.
    var number: String
    var reason: String
  }

  /// Puts numbers on a list. Those that are on it already stay as they are. Attempts at them that may not have left are
  /// looked at at once.
  ///
  /// - Returns: The numbers that are new.
  @discardableResult
  func addDoNotCall(
    _ numbers: [NewDoNotCall], to list: DoNotCallList, source: DoNotCallEntry.Source, actor: String, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> Set<String> {
    guard !numbers.isEmpty else { return [] }
    let added = try await transaction.query(
      query("InsertDoNotCall"), list.tenant, numbers.map(\.number), list.campaign, source.rawValue,
      numbers.map(\.reason), actor, now)
    let new = Set(try added.map { try $0.get("number", as: String.self) })
    if !new.isEmpty { try await haste(Array(new), of: list, in: transaction) }
    return new
  }

  func haste(_ numbers: [String], of list: DoNotCallList, in transaction: PostgresTransaction) async throws {
    let tenant = list.tenant == DoNotCallList.everybody ? nil : list.tenant
    try await transaction.execute(query("HasteAttempts"), tenant, numbers)
  }

  /// Somebody who asked not to be called again.
  struct OptOut: Hashable, Sendable {
    /// As the call's own record has it.
    var number: String
    var call: String
  }

  /// Puts people who asked for it on the tenant's list. Answers how many were not on it.
  func take(
    _ optOuts: [OptOut], tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws -> Int {
    var reasons: [String: String] = [:]
    for optOut in optOuts where !optOut.number.isEmpty {
      reasons[optOut.number] = "asked not to be called again on call \(optOut.call)"
    }
    return try await addDoNotCall(
      reasons.map { NewDoNotCall(number: $0.key, reason: $0.value) }, to: .of(tenant), source: .optOut,
      actor: "auto-dialer", now: now, in: transaction
    ).count
  }

  /// Puts one number on a list, or finds it there.
  func addDoNotCall(
    _ new: NewDoNotCall, to list: DoNotCallList, source: DoNotCallEntry.Source, actor: String, now: Instant
  ) async throws -> DoNotCallEntry {
    try await pool.transaction(name: "AddDoNotCall") { transaction in
      try await addDoNotCall([new], to: list, source: source, actor: actor, now: now, in: transaction)
      let rows = try await transaction.query(query("DoNotCallOnList"), list.tenant, new.number, list.campaign)
      guard let row = rows.first else {
        throw RPCError(.aborted, "the number was taken off the list at the same moment; try again")
      }
      return try DoNotCallEntry(row)
    }
  }

  /// Takes a number off a list; nil when it is not on it.
  func removeDoNotCall(
    _ number: String, from list: DoNotCallList, actor: String, now: Instant
  ) async throws -> DoNotCallEntry? {
    try await pool.query(query("RemoveDoNotCall"), list.tenant, number, list.campaign, now, actor).first
      .map(DoNotCallEntry.init)
  }

  /// What forbids calls to these numbers, of those of them that may not be called.
  ///
  /// - Parameters:
  ///   - campaign: Whose list counts beside the global and the tenant's.
  ///   - time: As things stood then; nil means as they stand, whatever any clock says.
  func doNotCall(
    _ numbers: [String], tenant: TenantID, campaign: CampaignID?, at time: Instant? = nil,
    in session: (any PostgresSession)? = nil
  ) async throws -> [String: DoNotCallEntry] {
    guard !numbers.isEmpty else { return [:] }
    let tenants = numbers.map { _ in DoNotCallList.everybody } + numbers.map { _ in tenant }
    let campaigns = [DoNotCallList.allCampaigns] + (campaign.map { [$0] } ?? [])
    let rows = try await entries(tenants, numbers + numbers, campaigns, at: time, in: session ?? pool)
    return Dictionary(grouping: try rows.map(DoNotCallEntry.init), by: \.number)
      .compactMapValues { DoNotCallEntry.forbidding($0, campaign: campaign) }
  }

  private func entries(
    _ tenants: [TenantID], _ numbers: [String], _ campaigns: [CampaignID], at time: Instant?,
    in session: any PostgresSession
  ) async throws -> [PostgresRow] {
    if let time { return try await session.query(query("DoNotCallAt"), tenants, numbers, campaigns, time) }
    return try await session.query(query("DoNotCallNow"), tenants, numbers, campaigns)
  }

  /// A call that is about to be asked for.
  struct IntendedDial: Hashable, Sendable {
    var tenant: TenantID
    var campaign: CampaignID
    /// E.164.
    var number: String
  }

  /// What forbids each of these calls as of now, in their order.
  func lastLook(_ dials: [IntendedDial]) async throws -> [DoNotCallEntry?] {
    let tenants = dials.map { _ in DoNotCallList.everybody } + dials.map(\.tenant)
    let numbers = dials.map(\.number)
    let campaigns = Set(dials.map(\.campaign)).union([DoNotCallList.allCampaigns])
    let rows = try await entries(tenants, numbers + numbers, Array(campaigns), at: nil, in: pool)
    if rows.isEmpty { return dials.map { _ in nil } }
    let found = try rows.map { (tenant: try $0.get("tenant_id", as: TenantID.self), entry: try DoNotCallEntry($0)) }
    return dials.map { dial in
      let own = found.filter {
        $0.entry.number == dial.number && ($0.tenant == dial.tenant || $0.tenant == DoNotCallList.everybody)
      }
      return DoNotCallEntry.forbidding(own.map(\.entry), campaign: dial.campaign)
    }
  }

  /// Where a page of a list ends.
  struct DoNotCallPosition: Hashable, Sendable {
    var number = ""
    var campaign = DoNotCallList.allCampaigns
    var entry: Int64 = 0
  }

  /// A page of a tenant's lists, by number: of one campaign's unless `campaign` is nil.
  func doNotCallPage(
    tenant: TenantID, campaign: CampaignID?, includingRemoved: Bool, after position: DoNotCallPosition, limit: Int
  ) async throws -> [(entry: DoNotCallEntry, position: DoNotCallPosition)] {
    try await pool.query(
      query("DoNotCallPage"), tenant, campaign, includingRemoved, position.number, position.campaign, position.entry,
      limit
    ).map { row in
      (
        try DoNotCallEntry(row),
        DoNotCallPosition(
          number: try row.get("number"), campaign: try row.get("campaign_id"), entry: try row.get("entry"))
      )
    }
  }
}

extension DoNotCallEntry {
  init(_ row: PostgresRow) throws {
    let list = DoNotCallList(tenant: try row.get("tenant_id"), campaign: try row.get("campaign_id"))
    guard let source = Source(rawValue: try row.get("source")) else {
      throw PostgresError(.invalidRow, "a do-not-call entry has a source that is not known here")
    }
    self.init(
      number: try row.get("number"), scope: list.scope, source: source, reason: try row.get("reason"),
      actor: try row.get("actor"), addedAt: try row.get("added_at"),
      removedAt: try row.get("removed_at", as: Instant?.self))
  }
}
