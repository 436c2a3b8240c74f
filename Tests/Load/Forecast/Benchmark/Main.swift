import AutoDialer
import CampaignTerms
import Core
import Glibc
import LoadSupport
import Metrics
import RPC
import RingmasterMessages
import Telephony
import TestSupport
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
    await loadProgram("forecast-benchmark") { arguments in
      let usage = LoadFailure("URL fill LEADS [called] | URL run [plan]")
      guard arguments.count >= 2 else { throw usage }
      let forecasts = Forecasts(bench: try await DialerBench(url: arguments[0], connections: 2))
      defer { forecasts.bench.close() }
      if arguments[1] == "fill", arguments.count >= 3, let leads = Int(arguments[2]) {
        try await forecasts.fill(leads, called: arguments.contains("called"))
      } else if arguments[1] == "run" {
        try await forecasts.run(plans: arguments.contains("plan"))
      } else {
        throw usage
      }
    }
  }
}

private struct Forecasts: Sendable {
  let bench: DialerBench

  func fill(_ leads: Int, called: Bool) async throws {
    try await bench.begin(maxConcurrentCalls: 500)
    var generator = SeededGenerator(seed: 1)
    let areas = (200...989).filter { (try? PhoneNumber.parse("+1\($0)2345678", defaultRegion: nil)) != nil }
    var made = 0
    while made < leads {
      let batch = (made..<min(leads, made + 5_000)).map { Self.lead($0, areas, &generator) }
      made += batch.count
      try await bench.pool.transaction(name: "fill") { transaction in
        try await bench.store.take(
          batch, campaign: bench.campaign, tenant: bench.tenant, now: bench.now, in: transaction)
      }
    }
    if called { try await callHalf() }
    try await bench.settleDown(["queue", "task", "settled"])
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
    try await bench.execute(
      """
      insert into settled (tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit_id,
        own_permit, phone, provider, granted_at, outcome, placed_at, ended_at)
      select q.tenant_id, gen_random_uuid(), q.campaign_id, q.lead_id, n, 1, 'ended', 0, '', '', 'twilio', q.due_at,
        case when uuid_hash(q.lead_id) % 5 = 0 then 'busy' else 'no_answer' end, q.due_at, q.due_at + interval '25 s'
      from queue q, generate_series(1, 1 + abs(uuid_hash(q.lead_id)) / 2 % 2) as n where uuid_hash(q.lead_id) % 2 = 0
      """)
    try await bench.execute(
      """
      update queue q set attempts = a.attempts, rank = 7, due_at = q.due_at + interval '1 h'
      from (select lead_id, count(*) as attempts from settled group by lead_id) as a where a.lead_id = q.lead_id
      """)
  }

  func run(plans: Bool) async throws {
    let metrics = MetricsRegistry()
    let service = ForecastRPC(store: bench.store, clock: ManualClock(bench.now), metrics: metrics)
    var request = ForecastRequest()
    request.campaignId = bench.campaign.description
    if plans { request.finishBy = Timestamp(bench.now + .days(30)) }
    let before = ProcessFigures.processorTime()
    let answer = try await service.forecast(request, context: CallContext(tenant: bench.tenant.description))
    let took = metrics.histogram("dialer_forecast_seconds", "Time that forecasts took.", labels: ["phase"])
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print(
      took.sum("read"), took.sum("foretell"), took.sum("plan"), ProcessFigures.processorTime() - before,
      usage.ru_maxrss / 1_024,
      answer.calls, answer.days.count, answer.finish?.lines ?? 0, separator: ",")
  }
}
