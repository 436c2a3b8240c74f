import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Synchronization
import Telephony
import Wire

/// The dialer's schema: queue, attempts, limits. Domain values in and out; the statements are in `SQL/queries`.
package struct DialStore: Sendable {
  let pool: PostgresPool
  let events: EventLog
  /// Who can be asked whether a number or a lead may be called.
  let gate: ClearanceGate
  private let catalog: QueryCatalog
  private let policies = PolicyCache()
  let places = NumberPlaceCache()
  /// What the installation says about limits.
  let settings: LimitSettings
  /// Leads of a campaign that changed that are gone through in one transaction.
  var sweepPage = 500
  /// Where new ids come from.
  var newID: @Sendable () -> UniqueID = UniqueID.random

  /// A store where nobody can be asked for clearances.
  package init(pool: PostgresPool, events: EventLog) throws {
    try self.init(pool: pool, events: events, gate: .closed, settings: .standard)
  }

  init(pool: PostgresPool, events: EventLog, gate: ClearanceGate, settings: LimitSettings) throws {
    self.pool = pool
    self.events = events
    self.gate = gate
    self.settings = settings
    catalog = try QueryCatalog(
      PackageResources.dialer_queries_sql, PackageResources.do_not_call_queries_sql,
      PackageResources.limit_queries_sql, PackageResources.caller_id_queries_sql,
      PackageResources.insight_queries_sql, PackageResources.scheduling_queries_sql,
      PackageResources.forecast_queries_sql, PackageResources.sweep_queries_sql)
  }

  func query(_ name: String) throws -> NamedQuery { try catalog.query(name) }

  /// A campaign with its rules and the policy they were read from.
  package struct KnownCampaign: Sendable {
    var state: String
    package var rules: CampaignRules
    var policy: CampaignPolicy
  }

  /// Campaigns that call now, of all tenants. One whose policy cannot be read is left out and named in `unreadable`.
  func activeCampaigns() async throws -> (campaigns: [KnownCampaign], unreadable: [CampaignID]) {
    var campaigns: [KnownCampaign] = []
    var unreadable: [CampaignID] = []
    for row in try await pool.query(query("ActiveCampaigns")) {
      let id: CampaignID = try row.get("campaign_id")
      if let known = policies.find(id, version: try row.get("policy_version")) {
        campaigns.append(KnownCampaign(state: "active", rules: known.rules, policy: known.policy))
        continue
      }
      do {
        if let known = try await campaign(id, tenant: row.get("tenant_id")), known.state == "active" {
          campaigns.append(known)
        }
      } catch is CampaignTerms.Problems {
        unreadable.append(id)
      }
    }
    return (campaigns, unreadable)
  }

  /// - Throws: `CampaignTerms.Problems` when the policy cannot be read.
  package func campaign(
    _ id: CampaignID, tenant: TenantID, in session: (any PostgresSession)? = nil
  ) async throws -> KnownCampaign? {
    let rows = try await (session ?? pool).query(query("CampaignByID"), tenant, id)
    return try rows.first.map { try campaign(id, tenant: tenant, $0) }
  }

  /// The same, as it stays until `transaction` is over: for whoever puts leads into the queue.
  func holdCampaign(_ id: CampaignID, tenant: TenantID, in transaction: PostgresTransaction) async throws
    -> KnownCampaign?
  {
    try await transaction.query(query("HoldCampaign"), tenant, id).first.map { try campaign(id, tenant: tenant, $0) }
  }

  /// Of a row of CampaignByID or HoldCampaign.
  func campaign(_ id: CampaignID, tenant: TenantID, _ row: PostgresRow) throws -> KnownCampaign {
    let version: Int = try row.get("policy_version")
    let known: (rules: CampaignRules, policy: CampaignPolicy)
    if let cached = policies.find(id, version: version) {
      known = cached
    } else {
      let policy = try CampaignPolicy.decode(row.get("policy", as: [UInt8].self))
      var rules = CampaignRules(tenant: tenant, campaign: id, policyVersion: version, terms: try CampaignTerms(policy))
      if !policy.provider.isEmpty { rules.provider = policy.provider }
      known = (rules, policy)
      policies.add(id, known)
    }
    return KnownCampaign(state: try row.get("state"), rules: known.rules, policy: known.policy)
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
    try await pool.query(query("AttemptByID"), tenant, call).first.map(Self.attempt)
  }

  /// All attempts at a lead, by number.
  func attempts(at lead: LeadID, of campaign: CampaignID, tenant: TenantID) async throws -> [StoredAttempt] {
    try await pool.query(query("AttemptsOfLead"), tenant, campaign, lead).map(Self.attempt)
  }

  /// A page of a campaign's attempts, by lead and number, after those of `place`.
  func attempts(
    of campaign: CampaignID, tenant: TenantID, after place: AttemptCursor, limit: Int
  ) async throws -> [StoredAttempt] {
    let rows = try await pool.query(query("AttemptsPage"), tenant, campaign, place.lead, place.number, limit)
    return try rows.map(Self.attempt)
  }

  static func attempt(_ row: PostgresRow) throws -> StoredAttempt {
    StoredAttempt(
      call: try row.get("call_id"), state: try row.get("state"), permit: try permit(row),
      outcome: try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:)),
      endedAt: try row.get("ended_at"))
  }

  /// The permit of an attempt: what it shares with others, what is its own, and what its row says anyway.
  static func permit(_ row: PostgresRow) throws -> DialPermit {
    var permit = try DialPermit.decode(row.get("permit", as: [UInt8].self))
    permit.callId = try row.get("call_id", as: CallID.self).description
    permit.campaignId = try row.get("campaign_id", as: CampaignID.self).description
    permit.leadId = try row.get("lead_id", as: LeadID.self).description
    permit.attemptNumber = try row.get("attempt_number")
    permit.to = try row.get("phone")
    return permit
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

/// Policies that were read before: a version never changes, and reading one costs more than a claim.
private final class PolicyCache: Sendable {
  private let known = Mutex<[CampaignID: (rules: CampaignRules, policy: CampaignPolicy)]>([:])
  /// More campaigns than a dialer serves; past it everything is read anew once.
  private static let most = 10_000

  func find(_ id: CampaignID, version: Int) -> (rules: CampaignRules, policy: CampaignPolicy)? {
    known.withLock { known in known[id].flatMap { $0.rules.policyVersion == version ? $0 : nil } }
  }

  func add(_ id: CampaignID, _ campaign: (rules: CampaignRules, policy: CampaignPolicy)) {
    known.withLock { known in
      if known.count >= Self.most { known.removeAll() }
      known[id] = campaign
    }
  }
}

/// Where the numbers that are shown are at home: each claim asks for all of them, and there are few.
final class NumberPlaceCache: Sendable {
  private let known = Mutex<[String: NumberPlace]>([:])
  private static let most = 10_000

  func find(_ e164: String) -> NumberPlace {
    if let place = known.withLock({ $0[e164] }) { return place }
    let place = NumberPlace(e164)
    known.withLock { known in
      if known.count >= Self.most { known.removeAll() }
      known[e164] = place
    }
    return place
  }
}

extension CampaignRules {
  init(tenant: TenantID, campaign: CampaignID, policyVersion: Int, terms: CampaignTerms) {
    self.init(
      tenant: tenant, campaign: campaign, policyVersion: policyVersion, callType: terms.callType,
      hours: DialWindows(terms.windows), zone: terms.zone, retries: terms.retries,
      maxCallsPerLead: terms.maxCallsPerLead, maxCallsPerDay: terms.maxCallsPerDay,
      maxCallsPerMinute: terms.maxCallsPerMinute,
      maxConcurrentCalls: terms.maxConcurrentCalls, requiredConsent: terms.requiredConsent,
      eligibilityURL: terms.eligibilityURL, leadExpiry: terms.leadExpiry, callerIDs: terms.callerIDs,
      callerIDTier: terms.callerIDTier, budgetMicros: terms.budgetMicros,
      expectedCallCostMicros: terms.expectedCallCostMicros, maxCallDuration: terms.maxCallDuration,
      startsAt: terms.startsAt, endsAt: terms.endsAt)
  }
}

extension DialStore {
  /// A lead of a row that has the columns `lead`, `numbers` and `joined_at`.
  static func lead(_ row: PostgresRow) throws -> (lead: Lead, callee: Callee) {
    let lead = try Lead.decode(row.get("lead", as: [UInt8].self))
    let records = NumberRecords(try row.get("numbers", as: String.self))
    return (lead, Callee(lead, joinedAt: try row.get("joined_at"), records: records))
  }
}

/// What is known of a lead's numbers since it joined, so that nothing has to be parsed when its turn comes.
struct NumberRecords: Sendable {
  static let none = NumberRecords("")

  private let numbers: [PhoneNumber]

  /// As `text` wrote it, or whoever told of the lead.
  init(_ text: String) {
    numbers = PhoneNumber.records(text)
  }

  /// The number if it is known, else parsed.
  func number(_ phone: String) throws(PhoneNumberError) -> PhoneNumber {
    if let known = numbers.first(where: { $0.e164 == phone }) { return known }
    return try PhoneNumber.parse(phone, defaultRegion: nil)
  }

  /// Of a lead's numbers, those that can be read; only what `told` does not know is parsed.
  init(of lead: Lead, told: String = "") {
    let told = NumberRecords(told)
    numbers = ([lead.phone] + lead.numbers.map(\.phone)).prefix(Callee.mostNumbers).compactMap {
      try? told.number($0)
    }
  }

  var text: String { numbers.map(\.record).joined(separator: " ") }
}

extension Callee {
  /// A lead of the queue as one to be called. A number that cannot be read any more has no place: it is not called.
  init(_ lead: Lead, joinedAt: Instant, records: NumberRecords = .none) {
    let main = (phone: lead.phone, zone: lead.timeZone, consent: lead.consent)
    let all = [main] + lead.numbers.map { (phone: $0.phone, zone: $0.timeZone, consent: $0.consent) }
    let numbers = all.prefix(Self.mostNumbers).enumerated().map { index, number in
      let known = try? records.number(number.phone)
      return Number(
        index: index, phone: number.phone, known: known,
        place: LeadPlace(known, zone: number.zone, address: lead.address),
        // What a later version means by its word for consent is not known here: no consent.
        consent: Consent(number.consent) ?? .withdrawn)
    }
    self.init(numbers: numbers, joinedAt: joinedAt, notAfter: lead.notAfter?.instant)
  }
}

extension LeadPlace {
  /// - Parameter address: As the lead's owner wrote it. One that makes no sense makes the place unknown: somebody meant
  ///   something by it, and guessing past it could ring a phone at night.
  init(_ number: PhoneNumber?, zone: String, address: RingmasterMessages.LeadAddress?) {
    guard let number else {
      self.init()
      return
    }
    do {
      let address = try address.map { try Telephony.LeadAddress(country: $0.country, state: $0.subdivision) }
      self.init(number: number, zone: zone, address: address)
    } catch {
      self.init()
    }
  }
}
