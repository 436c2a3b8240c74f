import AutoDialer
import Core
import Glibc
import LoadSupport
import Postgres
import RingmasterMessages
import Telephony
import TestSupport
import Wire

/// Measures the dialer's queue: claims with every check on, and what their outcomes do to it.
///
///     queue-benchmark URL fill CAMPAIGNS LEADS [later]
///         a schema with LEADS due leads in each campaign; with `later`, up to a million more of a higher rank that are not
///         due yet
///     queue-benchmark URL run CAMPAIGNS SECONDS BATCH PID
///         claims BATCH, ends and settles them, half to be tried again in an hour, for SECONDS, on a connection for each
///         campaign; PID is the server's, for its processor time
///
/// `run` prints leads a second, the median and the 99th percentile of a turn in milliseconds, and the microseconds of
/// processor time a lead of this program and of the server.
@main enum Main {
  static func main() async {
    await loadProgram("queue-benchmark") { arguments in
      guard arguments.count >= 4, let campaigns = Int(arguments[2]), (1...100).contains(campaigns),
        let number = Int(arguments[3])
      else { throw usage }
      let queue = Queue(
        bench: try await DialerBench(url: arguments[0], connections: campaigns + 1, campaigns: campaigns))
      defer { queue.bench.close() }
      switch arguments[1] {
      case "fill": try await queue.fill(number, later: arguments.last == "later")
      case "run":
        guard arguments.count == 6, let batch = Int(arguments[4]), let server = Int(arguments[5]) else { throw usage }
        try await queue.run(seconds: number, batch: batch, server: server)
      default: throw usage
      }
    }
  }

  private static let usage = LoadFailure("URL fill CAMPAIGNS LEADS [later] | URL run CAMPAIGNS SECONDS BATCH PID")
}

/// The due leads came due a day before.
private struct Queue: Sendable {
  let bench: DialerBench

  func fill(_ leads: Int, later: Bool) async throws {
    try await bench.begin(maxConcurrentCalls: 10_000)
    var lead = Lead()
    lead.phone = Self.anyPhone
    lead.firstName = "Iris"
    lead.lastName = "Walsh"
    lead.company = "Walsh Accounting"
    lead.region = "US"
    // In the order of the claims, as an upload is; the later ones have rank 0 and are due tomorrow.
    for campaign in bench.campaigns {
      try await insert(leads, into: campaign, lead: lead.encoded(), rank: 1, from: bench.now - .days(1))
      guard later else { continue }
      try await insert(
        min(leads, 1_000_000), into: campaign, lead: lead.encoded(), rank: 0, from: bench.now + .days(1))
    }
    try await bench.settleDown(["queue", "task"])
  }

  /// Stands in the lead for another number of each.
  private static let anyPhone = "+12122000000"

  private func insert(
    _ leads: Int, into campaign: CampaignID, lead: [UInt8], rank: Int, from due: Instant
  ) async throws {
    guard let phone = lead.firstRange(of: Array(Self.anyPhone.utf8)) else {
      throw LoadFailure("the lead does not hold its number")
    }
    let record = try PhoneNumber.parse(Self.anyPhone, defaultRegion: nil).record
    let number = "'+1212' || (2000000 + i % 7000000)"
    // As `UniqueID.random` makes them, 40 in a millisecond.
    let id =
      "(lpad(to_hex(1790000000000 + i / 40), 12, '0') || '7' || lpad(to_hex(i % 40 * 102), 3, '0') || '8' "
      + "|| substr(md5($4 || ' ' || i), 1, 15))::uuid"
    for (table, columns, values) in [
      (
        "task", "state, lead, numbers",
        "'open', overlay($3::bytea placing convert_to(\(number), 'UTF8') from \(phone.lowerBound + 1)), "
          + "replace('\(record)', '\(Self.anyPhone)', \(number))"
      ),
      ("queue", "rank, due_at, attempts, withdrawn", "$4::int, $3::timestamptz + i * interval '1 ms', 0, 0"),
    ] {
      let sql =
        "insert into \(table) (tenant_id, campaign_id, lead_id, \(columns)) "
        + "select $1::uuid, $2::uuid, \(id), \(values) from generate_series(1, $5::int) as i"
      let third: any PostgresEncodable = table == "task" ? lead : due
      try await bench.execute(sql, [bench.tenant, campaign, third, rank, leads])
    }
  }

  func run(seconds: Int, batch: Int, server: Int) async throws {
    let clock = ContinuousClock()
    let before = (own: ProcessFigures.processorTime(), server: try serverProcessorTime(server))
    let started = clock.now
    let end = started + .seconds(seconds)
    var (turns, leads): ([Double], Int) = ([], 0)
    try await withThrowingTaskGroup(of: (turns: [Double], leads: Int).self) { group in
      for campaign in bench.campaigns { group.addTask { try await self.turns(of: campaign, batch: batch, until: end) } }
      async let _: Void = TableStatistics(pool: bench.pool, schema: "dialer").run()
      for try await one in group {
        turns += one.turns
        leads += one.leads
      }
    }
    guard !turns.isEmpty else { throw LoadFailure("nothing was due: fill first") }
    let elapsed = started.duration(to: clock.now) / .seconds(1)
    turns.sort()
    let own = (ProcessFigures.processorTime() - before.own) * 1e6 / Double(leads)
    let theirs = (try serverProcessorTime(server) - before.server) * 1e6 / Double(leads)
    let p50 = turns[turns.count / 2]
    let p99 = turns[turns.count * 99 / 100]
    print("\(Double(leads) / elapsed),\(p50),\(p99),\(own),\(theirs)")
  }

  /// Takes turns at a campaign until `end` or nothing is due: how many milliseconds each took, and how many leads in all.
  private func turns(
    of campaign: CampaignID, batch: Int, until end: ContinuousClock.Instant
  ) async throws -> (turns: [Double], leads: Int) {
    guard let known = try await bench.store.campaign(campaign, tenant: bench.tenant) else {
      throw LoadFailure("there is no campaign: fill first")
    }
    let clock = ContinuousClock()
    var places = ClaimPlaces()
    var forgotAt = clock.now
    var (turns, leads): ([Double], Int) = ([], 0)
    while clock.now < end {
      let turn = clock.now
      // As DialWorker does.
      if forgotAt.duration(to: turn) >= .seconds(3) { (places, forgotAt) = (ClaimPlaces(), turn) }
      let claim = try await bench.store.claim(
        known.rules, now: bench.now, most: batch, places: places, slotSeconds: 300)
      guard !claim.attempts.isEmpty else { break }
      places = claim.places
      try await settle(claim.attempts, of: campaign)
      leads += claim.attempts.count
      turns.append(turn.duration(to: clock.now) / .milliseconds(1))
    }
    return (turns, leads)
  }

  private func settle(_ attempts: [DialStore.ClaimedAttempt], of campaign: CampaignID) async throws {
    let ended = attempts.map { DialStore.EndedCall(call: $0.call, campaign: campaign, at: bench.now) }
    let outcomes = attempts.enumerated().compactMap { index, attempt in
      LeadID(attempt.permit.leadId).map { lead in
        DialStore.Outcome(
          call: attempt.call, campaign: campaign, lead: lead, outcome: index % 2 == 0 ? .noAnswer : .unqualified,
          optedOut: false, permanent: false, endedAt: bench.now)
      }
    }
    try await bench.pool.transaction(name: "settle") { transaction in
      try await bench.store.end(ended, tenant: bench.tenant, in: transaction)
      try await bench.store.settle(outcomes, tenant: bench.tenant, now: bench.now, in: transaction)
    }
  }
}

/// Seconds of processor time of a Postgres server: its first process, those it started and those that have ended.
private func serverProcessorTime(_ server: Int) throws -> Double {
  var ticks = 0
  guard let folder = opendir("/proc") else { throw LoadFailure("/proc cannot be read") }
  defer { closedir(folder) }
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard let pid = Int(name), let fields = statistics(of: pid) else { continue }
    if pid == server {
      ticks += fields[11...14].reduce(0, +)
    } else if fields[1] == server {
      ticks += fields[11] + fields[12]
    }
  }
  return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
}

/// Numbers of /proc/PID/stat from the state on (which is not a number and reads as 0); nil when the process is gone.
private func statistics(of pid: Int) -> [Int]? {
  guard let file = fopen("/proc/\(pid)/stat", "r") else { return nil }
  defer { fclose(file) }
  var buffer = [CChar](repeating: 0, count: 1024)
  guard fgets(&buffer, 1024, file) != nil else { return nil }
  let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  guard let end = text.lastIndex(of: ")") else { return nil }
  let fields = text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
  return fields.count > 15 ? fields : nil
}
