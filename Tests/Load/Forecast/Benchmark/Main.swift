import AutoDialer
import CampaignTerms
import Core
import EventLog
import Glibc
import Metrics
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

/// Measures forecasts.
///
///     forecast-benchmark URL fill LEADS [called]   a schema with LEADS leads all over the United States, as the dialer takes
///                                                  them in; with `called`, half of them were called once or twice
///     forecast-benchmark URL run [plan]            forecasts, with `plan` also for a date to finish by
///
/// `run` prints the seconds of reading the leads, of foretelling and of planning, the processor time of this program, the
/// most memory that it held in MB, and what was foretold: calls and days.
@main enum Main {
  static func main() async {
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      guard arguments.count >= 2 else { throw Usage() }
      let bench = try await Bench(url: arguments[0])
      defer { bench.close() }
      if arguments[1] == "fill", arguments.count >= 3, let leads = Int(arguments[2]) {
        try await bench.fill(leads, called: arguments.contains("called"))
      } else if arguments[1] == "run" {
        try await bench.run(plans: arguments.contains("plan"))
      } else {
        throw Usage()
      }
    } catch {
      let text = Array("forecast-benchmark: \(error)\n".utf8)
      _ = write(STDERR_FILENO, text, text.count)
      exit(64)
    }
  }
}

private struct Usage: Error, CustomStringConvertible {
  var description: String { "URL fill LEADS [called] | URL run [plan]" }
}

private struct Bench: Sendable {
  private let pool: PostgresPool
  private let admin: PostgresPool
  private let store: DialStore
  private let tenant = TenantID.standard
  private let campaign = CampaignID(UniqueID(high: 1, low: 1))
  /// A Monday, 10:00 in New York.
  private let now = Instant(microsecondsSince1970: 1_772_463_600_000_000)

  init(url: String) async throws {
    let schema = try AutoDialerApplication.schema()
    try await Migrator(schema: schema.name, role: schema.role, migrations: schema.migrations).run(on: url)
    pool = PostgresPool(
      configuration: PostgresConfiguration(url: url, poolSize: 2, schema: schema.name, role: schema.role))
    admin = PostgresPool(
      configuration: PostgresConfiguration(
        url: url, poolSize: 1, schema: schema.name, statementTimeout: .seconds(600)))
    store = try DialStore(pool: pool, events: EventLog(schema: schema.name))
  }

  func close() {
    pool.close()
    admin.close()
  }

  func fill(_ leads: Int, called: Bool) async throws {
    try await execute(
      "truncate campaign, campaign_counter, provider_limit, task, queue, under_way, settled, settlement, lead_end, event"
    )
    var told = Campaign()
    told.campaignId = campaign.description
    told.state = .active
    told.policyVersion = 1
    told.policy = Self.policy
    try await pool.transaction(name: "fill") { [told] transaction in
      try await store.take(told, tenant: tenant, now: now, in: transaction)
    }
    var generator = SeededGenerator(seed: 1)
    let areas = (200...989).filter { (try? PhoneNumber.parse("+1\($0)2345678", defaultRegion: nil)) != nil }
    var made = 0
    while made < leads {
      let batch = (made..<min(leads, made + 5_000)).map { Self.lead($0, areas, &generator) }
      made += batch.count
      try await pool.transaction(name: "fill") { transaction in
        try await store.take(batch, campaign: campaign, tenant: tenant, now: now, in: transaction)
      }
    }
    if called { try await callHalf() }
    for table in ["queue", "task", "settled"] { try await execute("vacuum analyze \(table)") }
    try await execute("checkpoint")
  }

  private static func lead(_ number: Int, _ areas: [Int], _ generator: inout SeededGenerator) -> Lead {
    var lead = Lead()
    lead.leadId = UniqueID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | UInt64(number)).description
    let area = areas[Int.random(in: areas.indices, using: &generator)]
    lead.phone = "+1\(area)\(Int.random(in: 2_340_000...9_989_999, using: &generator))"
    lead.firstName = "Iris"
    lead.lastName = "Walsh \(number)"
    lead.company = "Walsh Accounting"
    lead.email = "iris\(number)@example.com"
    lead.region = "US"
    return lead
  }

  private func callHalf() async throws {
    try await execute(
      """
      insert into settled (tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit, phone, provider,
        granted_at, outcome, placed_at, ended_at)
      select q.tenant_id, gen_random_uuid(), q.campaign_id, q.lead_id, n, 1, 'ended', '', '', 'twilio', q.due_at,
        case when uuid_hash(q.lead_id) % 5 = 0 then 'busy' else 'no_answer' end, q.due_at, q.due_at + interval '25 s'
      from queue q, generate_series(1, 1 + abs(uuid_hash(q.lead_id)) / 2 % 2) as n where uuid_hash(q.lead_id) % 2 = 0
      """)
    try await execute(
      """
      update queue q set attempts = a.attempts, rank = 7, due_at = q.due_at + interval '1 h'
      from (select lead_id, count(*) as attempts from settled group by lead_id) as a where a.lead_id = q.lead_id
      """)
  }

  func run(plans: Bool) async throws {
    let metrics = MetricsRegistry()
    let service = ForecastRPC(store: store, clock: ManualClock(now), metrics: metrics)
    var request = ForecastRequest()
    request.campaignId = campaign.description
    if plans { request.finishBy = Timestamp(now + .days(30)) }
    let before = processorTime()
    let answer = try await service.forecast(request, context: CallContext(tenant: tenant.description))
    let took = metrics.histogram("dialer_forecast_seconds", "Time that forecasts took.", labels: ["phase"])
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print(
      took.sum("read"), took.sum("foretell"), took.sum("plan"), processorTime() - before, usage.ru_maxrss / 1_024,
      answer.calls, answer.days.count, answer.finish?.lines ?? 0, separator: ",")
  }

  private func execute(_ sql: String) async throws {
    try await admin.execute(NamedQuery(name: "benchmark", sql: sql))
  }

  private static var policy: CampaignPolicy {
    var policy = CampaignPolicy()
    policy.name = "Benchmark"
    policy.callType = .qualifyLead
    policy.agentName = "Robin"
    policy.businessName = "Northwind"
    policy.callerIds = ["+15005550006"]
    policy.timeZone = "America/New_York"
    policy.maxConcurrentCalls = 500
    return policy
  }
}

/// Seconds of processor time of this process.
private func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
