import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// A number as it is stored, with what people want to know about it.
struct StoredCallerID: Sendable {
  var callerID: CallerID
  var provider: String
  var alarm: CallerIDHealth.Alarm?
  var alarmDetail: String?
  var addedAt: Instant
  var providerNumberID: String?
}

extension DialStore {
  /// The numbers that a campaign may show.
  ///
  /// - Parameter locks: Until the transaction ends, in one order for all who lock them.
  func callerIDs(of rules: CampaignRules, locks: Bool = false) throws -> PostgresStatement {
    if let tier = rules.callerIDTier {
      let query = try query(locks ? "LockCallerIDsOfTier" : "CallerIDsOfTier")
      return PostgresStatement(query, rules.tenant, tier, rules.provider)
    }
    return PostgresStatement(try query(locks ? "LockCallerIDs" : "CallerIDs"), rules.tenant, rules.callerIDs)
  }

  /// The stock of a campaign from what `callerIDs(of:)` gave. Numbers that it names itself and that nobody has seen
  /// before are taken in.
  func stock(
    _ rows: [PostgresRow], for rules: CampaignRules, zone: TimeZoneRules, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> CallerIDStock {
    var rows = rows
    if rules.callerIDTier == nil, rows.count < Set(rules.callerIDs).count {
      try await transaction.execute(
        query("EnsureCallerIDs"), rules.tenant, rules.callerIDs.sorted(), rules.provider, zone.name, now)
      rows = try await transaction.run([callerIDs(of: rules)])[0].rows
    }
    return CallerIDStock(
      try rows.map { try Self.callerID($0).callerID }, style: settings.callerIDStyle, now: now, place: places.find)
  }

  /// What writes down the calls that a claim gave to numbers. What time alone changes is not written: it follows from
  /// what is there whenever somebody looks.
  func saving(_ stock: CallerIDStock, tenant: TenantID) throws -> [PostgresStatement] {
    guard !stock.used.isEmpty else { return [] }
    // By number: the order in which others lock them.
    let used = stock.used.map { (number: stock.numbers[$0.key], calls: $0.value) }
      .sorted { $0.number.number < $1.number.number }
    return [
      PostgresStatement(
        try query("CountCallerIDUses"), tenant, used.map(\.number.number), used.map(\.number.day), used.map(\.calls),
        used.map(\.number.lastUsedAt))
    ]
  }

  static func callerID(_ row: PostgresRow) throws -> StoredCallerID {
    guard let state = CallerIDStanding.State(rawValue: try row.get("state")),
      let zone = TimeZoneRules.named(try row.get("time_zone"))
    else { throw PostgresError(.invalidRow, "a caller id has a state or zone that is not known") }
    let standing = CallerIDStanding(
      state: state, warmupStart: try row.get("warmup_start"), restsUntil: try row.get("rests_until"),
      alarms: try row.get("alarms"), lastAlarmAt: try row.get("last_alarm_at"),
      judgedSince: try row.get("judged_since"))
    let callerID = CallerID(
      number: try row.get("number"), standing: standing, tier: try row.get("tier", as: Int16?.self).map(Int.init),
      zone: zone, callsPerDay: try row.get("calls_per_day"), day: try row.get("day"),
      dayCalls: try row.get("day_calls"), lastUsedAt: try row.get("last_used_at"), breaker: try breaker(row))
    return StoredCallerID(
      callerID: callerID, provider: try row.get("provider"),
      alarm: try row.get("alarm", as: String?.self).flatMap(CallerIDHealth.Alarm.init(rawValue:)),
      alarmDetail: try row.get("alarm_detail"), addedAt: try row.get("added_at"),
      providerNumberID: try row.get("provider_number_id"))
  }

  func callerID(_ number: String, tenant: TenantID) async throws -> StoredCallerID? {
    try await pool.query(query("CallerIDByNumber"), tenant, number).first.map(Self.callerID)
  }

  func callerIDs(
    after number: String, limit: Int, state: CallerIDStanding.State?, tier: Int?, tenant: TenantID
  ) async throws -> [StoredCallerID] {
    try await pool.query(query("CallerIDsPage"), tenant, number, limit, state?.rawValue, tier).map(Self.callerID)
  }

  func callerIDs(ofRequest key: String, tenant: TenantID) async throws -> [StoredCallerID] {
    try await pool.query(query("CallerIDsOfRequest"), tenant, key).map(Self.callerID)
  }

  func countCallerIDs(ofTier tier: Int, tenant: TenantID) async throws -> Int {
    try await pool.query(query("CountCallerIDsOfTier"), tenant, tier).first?.get("numbers") ?? 0
  }

  /// A number that joins the pool.
  struct NewCallerID: Sendable {
    var number: String
    var tier: Int
    var provider: String
    var zone: TimeZoneRules
    var isWarm: Bool
    var providerNumberID: String?
    var requestKey: String?
  }

  /// Takes a number into the pool; one that is in it already is left as it is.
  func add(_ new: NewCallerID, tenant: TenantID, now: Instant) async throws {
    try await pool.execute(
      query("InsertCallerID"), tenant, new.number, new.isWarm ? "active" : "warming", new.tier, new.provider,
      new.zone.name, CallerIDStanding.fullDay, new.isWarm ? CivilDate?.none : new.zone.local(at: now).date, now,
      new.providerNumberID, new.requestKey)
  }

  /// What people decide about a number. Nil: there is none.
  func change(
    _ number: String, event: CallerIDStanding.Event?, tier: Int?, tenant: TenantID, now: Instant
  ) async throws -> StoredCallerID? {
    try await pool.transaction(name: "ChangeCallerID") { transaction in
      guard let row = try await transaction.query(query("LockCallerID"), tenant, number).first else { return nil }
      var stored = try Self.callerID(row)
      stored.callerID.roll(to: now)
      if let event {
        stored.callerID.standing.handle(event, at: now, today: stored.callerID.zone.local(at: now).date)
        stored.callerID.breaker.succeeded()
        try await save(stored, alarm: nil, tenant: tenant, in: transaction)
      }
      if let tier {
        try await transaction.execute(
          query("SetCallerIDTier"), tenant, number, tier, CallerIDStanding.fullDay)
        stored.callerID.tier = tier
        stored.callerID.callsPerDay = stored.callerID.callsPerDay ?? CallerIDStanding.fullDay
      }
      return stored
    }
  }

  func save(
    _ stored: StoredCallerID, alarm: (alarm: CallerIDHealth.Alarm, detail: String)?, tenant: TenantID,
    in transaction: PostgresTransaction
  ) async throws {
    let (standing, breaker) = (stored.callerID.standing, stored.callerID.breaker)
    try await transaction.execute(
      query("SaveCallerIDStanding"), tenant, stored.callerID.number, standing.state.rawValue, standing.warmupStart,
      standing.restsUntil, standing.judgedSince, standing.alarms, standing.lastAlarmAt, alarm?.alarm.rawValue,
      alarm?.detail, breaker.failures, breaker.openings, breaker.openUntil)
  }
}
