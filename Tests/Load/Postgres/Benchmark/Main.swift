import Core
import Glibc
import Postgres

/// The Swift side of the benchmark; the same modes and the same line of output as `Floor/floor.c`, whose head has them.
@main struct PostgresBenchmark {
  static func main() async throws {
    let words = CommandLine.arguments
    guard words.count >= 4 else {
      print(
        "usage: postgres-benchmark ADDRESS select|update|transaction|pipeline-select|pipeline-update|copy NUMBER "
          + "[SECONDS]\n       postgres-benchmark ADDRESS script FILE")
      exit(64)
    }
    if words[2] == "script" {
      try await script(words[3], words[1])
      return
    }
    let pool = PostgresPool(configuration: PostgresConfiguration(url: words[1], poolSize: 2, statementTimeout: nil))
    let number = Double(words[3]) ?? 1
    switch words[2] {
    case "select": try await one(words[2], pool, BenchmarkQueries.select, number)
    case "update": try await one(words[2], pool, BenchmarkQueries.update, number)
    case "transaction": try await transaction(pool, number)
    case "copy": try await copy(pool, Int(number))
    case "pipeline-select", "pipeline-update":
      let seconds = words.count > 4 ? Double(words[4]) ?? 1 : 1
      let query = words[2] == "pipeline-select" ? BenchmarkQueries.select : BenchmarkQueries.update
      try await pipeline(words[2], pool, query, depth: Int(number), seconds)
    default: exit(64)
    }
    pool.close()
  }

  /// Runs the statements of a file, each in a transaction of its own.
  static func script(_ path: String, _ address: String) async throws {
    guard let file = fopen(path, "r") else { throw PostgresError(.configuration, "cannot read \(path)") }
    defer { fclose(file) }
    var text: [UInt8] = []
    while case let byte = getc(file), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
    let pool = PostgresPool(configuration: PostgresConfiguration(url: address, poolSize: 1, statementTimeout: nil))
    for statement in String(decoding: text, as: UTF8.self).split(separator: ";") where statement.contains(" ") {
      try await pool.execute(NamedQuery(name: "setup", sql: String(statement)))
    }
    pool.close()
  }

  /// One statement after the other.
  static func one(_ name: String, _ pool: PostgresPool, _ query: NamedQuery, _ limit: Double) async throws {
    var ids = RandomIDs()
    for _ in 0..<100 { _ = try await pool.query(query, ids.next()) }
    var meter = Meter()
    while meter.elapsed < limit {
      let begin = Meter.now()
      let rows = try await pool.query(query, ids.next())
      for row in rows { try take(row, query) }
      meter.note(since: begin, 1)
    }
    meter.report(name)
  }

  /// Two statements between BEGIN and COMMIT, on one connection.
  static func transaction(_ pool: PostgresPool, _ limit: Double) async throws {
    var ids = RandomIDs()
    var meter = Meter()
    while meter.elapsed < limit {
      let begin = Meter.now()
      let id = ids.next()
      try await pool.transaction(name: "benchmark") { transaction in
        for row in try await transaction.query(BenchmarkQueries.select, id) { try take(row, BenchmarkQueries.select) }
        for row in try await transaction.query(BenchmarkQueries.update, id) { try take(row, BenchmarkQueries.update) }
      }
      meter.note(since: begin, 1)
    }
    meter.report("transaction")
  }

  static func pipeline(
    _ name: String, _ pool: PostgresPool, _ query: NamedQuery, depth: Int, _ limit: Double
  ) async throws {
    var ids = RandomIDs()
    var meter = Meter()
    while meter.elapsed < limit {
      let begin = Meter.now()
      let results = try await pool.pipeline((0..<depth).map { _ in (query, [ids.next()]) })
      for result in results { for row in result.rows { try take(row, query) } }
      meter.note(since: begin, depth)
    }
    meter.report("\(name)-\(depth)")
  }

  static func copy(_ pool: PostgresPool, _ rows: Int) async throws {
    let columns = [
      "id", "campaign_id", "phone", "name", "email", "company", "zone", "priority", "source", "created_at",
    ]
    let at = Instant(microsecondsSince1970: 1_769_072_400_000_000)
    // Made beforehand, as in the floor: making text is not what is measured.
    let leads = (0..<10_000).map { number in
      (
        phone: "+1\(2_000_000_000 + number)", name: "Lead \(number)", email: "lead\(number)@example.com",
        company: "Company \(number % 5000)"
      )
    }
    var meter = Meter()
    let begin = Meter.now()
    let count = try await pool.copyIn(table: "benchmark.staged", columns: columns) { writer in
      for index in 0..<rows {
        let lead = leads[index % leads.count]
        try await writer.row { row in
          row.append(Int64(index + 1))
          row.append(Int32(index % 20))
          row.append(lead.phone)
          row.append(lead.name)
          row.append(lead.email)
          row.append(lead.company)
          row.append("America/New_York")
          row.append(Int16(index % 10))
          row.append("csv-upload")
          row.append(at)
        }
      }
    }
    meter.note(since: begin, count)
    meter.report("copy")
  }

  /// Reads all columns, as the floor does.
  static func take(_ row: PostgresRow, _ query: NamedQuery) throws {
    var sum = 0
    if query == BenchmarkQueries.update {
      sum += try row.get("n", as: Int.self)
    } else {
      sum += try row.get("id", as: Int.self)
      sum += try row.get("phone", as: String.self).utf8.count
      sum += try row.get("name", as: String.self).utf8.count
      sum += try row.get("zone", as: String.self).utf8.count
    }
    if sum == -1 { print(sum) }  // So that nothing of it is left out.
  }
}

enum BenchmarkQueries {
  static let select = NamedQuery(name: "select", sql: "select id, phone, name, zone from benchmark.lead where id = $1")
  static let update = NamedQuery(
    name: "update", sql: "update benchmark.counter set n = n + 1 where id = $1 returning n")
}

/// The floor's sequence of ids.
struct RandomIDs {
  private var state: UInt64 = 88_172_645_463_325_252

  mutating func next() -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % 100_000) + 1
  }
}

/// Counts, times and processor time, printed as the floor prints them.
struct Meter {
  private var latencies: [Float] = []
  private var count = 0
  private let start = Meter.now()
  private let cpu = Meter.read(CLOCK_PROCESS_CPUTIME_ID)

  var elapsed: Double { Meter.now() - start }

  static func now() -> Double { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  mutating func note(since begin: Double, _ statements: Int) {
    latencies.append(Float(Meter.now() - begin))
    count += statements
  }

  func report(_ name: String) {
    let seconds = elapsed
    let used = Meter.read(CLOCK_PROCESS_CPUTIME_ID) - cpu
    let sorted = latencies.sorted()
    func percentile(_ share: Double) -> Int {
      Int(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1e6)
    }
    let each = Int(used * 1e8 / Double(count))
    print(
      "\(name),\(Int(Double(count) / seconds)),\(percentile(0.5)),\(percentile(0.99)),\(each / 100).\(each % 100 / 10)\(each % 10)"
    )
  }
}
