import Core
import EventLog
import Logging
import Postgres
import RingmasterMessages
import TestSupport
import Wire

@testable import CampaignExecutor

/// campaign-executor's store on a migrated database of a test's own.
struct ExecutorFixture: Sendable {
  static let start = Instant(microsecondsSince1970: 1_790_000_000_000_000)

  let pool: PostgresPool
  let log: EventLog
  let store: CampaignStore
  let clock = ManualClock(start)
  let tenant = TenantID.standard

  @discardableResult
  static func with<R: Sendable>(_ body: (ExecutorFixture) async throws -> R) async throws -> R {
    let schema = try CampaignExecutorApplication.schema()
    let migrator = Migrator(schema: schema.name, role: schema.role, migrations: schema.migrations)
    return try await TestDatabase.with([migrator]) { database in
      let pool = database.pool(schema: schema.name, role: schema.role, size: 8)
      defer { pool.close() }
      let log = EventLog(schema: schema.name)
      return try await body(
        ExecutorFixture(pool: pool, log: log, store: try CampaignStore(pool: pool, events: log)))
    }
  }

  var facts: ExecutorFacts { ExecutorFacts(store: store, clock: clock, logger: .discarding) }

  static func policy(_ change: (inout CampaignPolicy) -> Void = { _ in }) -> CampaignPolicy {
    var policy = CampaignPolicy()
    policy.name = "Spring"
    policy.agentName = "Ada"
    policy.businessName = "Analytical Engines"
    policy.callerIds = ["+15005550006"]
    policy.defaultRegion = "US"
    change(&policy)
    return policy
  }

  /// A campaign with this many leads; active unless it stays a draft.
  func campaign(
    leads count: Int, active: Bool = true, _ change: (inout CampaignPolicy) -> Void = { _ in }
  ) async throws -> (id: CampaignID, leads: [LeadID]) {
    let created = try await store.create(Self.policy(change), tenant: tenant, actor: "test", now: clock.now())
    let id = try self.id(created)
    var leads: [LeadID] = []
    for index in 0..<count {
      leads.append(try await add(Self.lead(index), to: id).id)
    }
    if active {
      _ = try await store.change(id, .start, tenant: tenant, actor: "test", reason: "", now: clock.now())
    }
    return (id, leads)
  }

  static func phone(_ index: Int) -> String {
    let digits = String(10_000 + index)
    return "+1212456" + digits.suffix(4)
  }

  static func lead(_ index: Int, line: Int64 = 0, _ change: (inout NewLead) -> Void = { _ in }) -> NewLead {
    var lead = NewLead()
    lead.line = line
    lead.phone = phone(index)
    change(&lead)
    return lead
  }

  func id(_ campaign: Campaign) throws -> CampaignID {
    guard let id = CampaignID(campaign.campaignId) else { throw Unexpected() }
    return id
  }

  struct Unexpected: Error {}

  /// What adding a lead gave.
  struct Added: Sendable {
    var id: LeadID
    var lead: Lead
    var merged: Bool
    var problems: [LeadProblem]
  }

  func add(_ lead: NewLead, key: String = "", to campaign: CampaignID) async throws -> Added {
    let answer = try await store.add(lead, clientKey: key, to: campaign, tenant: tenant, now: clock.now())
    guard let lead = answer.lead, let id = LeadID(lead.leadId) else { throw Unexpected() }
    return Added(id: id, lead: lead, merged: answer.merged, problems: answer.problems)
  }

  func change(_ campaign: CampaignID, _ change: CampaignLife.Change) async throws {
    _ = try await store.change(campaign, change, tenant: tenant, actor: "test", reason: "", now: clock.now())
  }

  func state(of campaign: CampaignID) async throws -> CampaignState? {
    try await store.campaign(campaign, tenant: tenant)?.state
  }

  /// Lets the dialer's facts take effect, in one transaction.
  func take(_ messages: [any WireMessage]) async throws {
    let events = messages.map { event($0) }
    try await pool.transaction(name: "facts") { try await facts.takeAttempts(events, in: $0) }
  }

  func takeOutcomes(_ messages: [any WireMessage]) async throws {
    let events = messages.map { event($0) }
    try await pool.transaction(name: "outcomes") { try await facts.takeOutcomes(events, in: $0) }
  }

  private func event(_ message: any WireMessage) -> Event {
    Event(
      place: .beginning, tenant: tenant, key: "", type: type(of: message).fullName, payload: message.encoded(),
      occurredAt: clock.now(), recordedAt: clock.now())
  }

  /// All events of the log so far, in order.
  func events() async throws -> [Event] {
    // The horizon is the whole server's: other tests' transactions hold it back, so a mark of our own is waited for.
    let mark = UniqueID.random().description
    try await pool.transaction(name: "mark") { transaction in
      try log.append(
        [NewEvent(key: mark, type: "mark", payload: [])], in: transaction, at: clock.now(), tenant: tenant)
    }
    let reader = EventLogReader(pool: pool, log: log)
    var place = EventPlace.beginning
    var events: [Event] = []
    while events.last?.key != mark {
      let page = try await reader.read(
        [0], of: 1, after: place, limit: 1000, wait: .seconds(60))
      events += page.events
      place = page.next
    }
    return events.filter { $0.type != "mark" }
  }

  func events<Message: WireMessage>(_ type: Message.Type) async throws -> [Message] {
    try await events().filter { $0.type == Message.fullName }.map { try Message.decode($0.payload) }
  }

  func notifications() async throws -> [String] {
    let highest = NotificationID(UniqueID(high: .max, low: .max))
    return try await store.notifications(tenant: tenant, before: highest, campaign: nil, limit: 100).map(\.kind)
      .reversed()
  }

  func number(_ sql: String) async throws -> Int64 {
    try await pool.query(NamedQuery(name: "number", sql: "select (\(sql))::bigint as n")).first?.get("n") ?? -1
  }
}

/// The dialer's facts about a lead.
struct DialerFact: Sendable {
  var campaign: CampaignID
  var lead: LeadID

  func started(_ call: String) -> AttemptStarted {
    var permit = DialPermit()
    permit.callId = call
    permit.campaignId = campaign.description
    permit.leadId = lead.description
    var fact = AttemptStarted()
    fact.permit = permit
    return fact
  }

  func withdrawn(_ call: String) -> AttemptWithdrawn {
    var fact = AttemptWithdrawn()
    fact.callId = call
    fact.campaignId = campaign.description
    fact.leadId = lead.description
    return fact
  }

  func retry(_ call: String, _ outcome: CallOutcome) -> RetryScheduled {
    var fact = RetryScheduled()
    fact.callId = call
    fact.campaignId = campaign.description
    fact.leadId = lead.description
    fact.outcome = outcome
    return fact
  }

  func finished(_ call: String, _ outcome: CallOutcome, reason: String = "final") -> LeadFinished {
    var fact = LeadFinished()
    fact.callId = call
    fact.campaignId = campaign.description
    fact.leadId = lead.description
    fact.outcome = outcome
    fact.reason = reason
    return fact
  }
}
