import Core
import Logging
import Metrics
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct PoolTests {
  @Test func moreCallersThanConnectionsAreAllServed() async throws {
    try await withPool(size: 3) { pool in
      let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<200 {
          group.addTask { try await pool.query(sql("select pg_backend_pid() as pid"))[0].get("pid") }
        }
        return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
      }
      #expect((1...3).contains(backends.count))
    }
  }

  @Test func aWaitingCallerCanGiveUp() async throws {
    try await withPool(size: 1) { pool in
      try await pool.transaction(name: "holder") { transaction in
        _ = try await transaction.query(sql("select 1"))
        let waiting = Task { try await pool.query(sql("select 2")) }
        while pool.waiterCount == 0 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
      }
      #expect(try await pool.query(sql("select 3 as a"))[0].get("a") == 3)
    }
  }

  @Test func aCallerWaitsForAConnectionForSoLongOnly() async throws {
    try await TestDatabase.with { database in
      let pool = PostgresPool(
        configuration: PostgresConfiguration(url: database.url, poolSize: 1, acquireTimeout: .milliseconds(50)))
      defer { pool.close() }
      try await pool.transaction(name: "holder") { transaction in
        _ = try await transaction.query(sql("select 1"))
        do {
          let failure = await postgresError { try await pool.query(sql("select 2")) }
          #expect(failure?.code == .timedOut)
        }
      }
    }
  }

  @Test func cancellingTheTaskStopsTheServer() async throws {
    try await withPool(size: 2) { pool in
      let sleeping = Task { try await pool.query(sql("select pg_sleep(600)", "Sleep")) }
      let find = sql("select pid from pg_stat_activity where query like 'select pg_sleep(600)' and state = 'active'")
      while try await pool.query(find).isEmpty { await Task.yield() }
      sleeping.cancel()
      await #expect(throws: CancellationError.self) { try await sleeping.value }
      while try await !pool.query(find).isEmpty { await Task.yield() }
    }
  }

  @Test func aCancelledTaskSendsNothing() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        try await pool.execute(sql("insert into t values (1)"))
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await pool.query(sql("select * from t")).isEmpty)
    }
  }

  @Test func aStatementThatTakesTooLongIsEnded() async throws {
    try await TestDatabase.with { database in
      let pool = PostgresPool(
        configuration: PostgresConfiguration(url: database.url, statementTimeout: .milliseconds(20)))
      defer { pool.close() }
      let error = await postgresError { try await pool.query(sql("select pg_sleep(600)", "Sleep")) }
      #expect(error?.code == .timedOut)
      #expect(error?.queryName == "Sleep")
      try await expectService(pool)
    }
  }

  @Test func aConnectionThatDiesAtRestIsReplaced() async throws {
    try await withPool(size: 2) { pool in
      for _ in 0..<20 {
        try await pool.transaction(name: "killer") { transaction in
          let own: Int32 = try await transaction.query(sql("select pg_backend_pid() as pid"))[0].get("pid")
          _ = try await pool.query(sql("select 1"))
          _ = try await transaction.query(
            sql(
              "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> $1"
            ), own)
        }
        try await expectService(pool)
      }
    }
  }

  @Test func losingTheConnectionUnderAStatementLeavesItsFateOpen() async throws {
    try await withPool { pool in
      let error = await postgresError {
        try await pool.execute(sql("select pg_terminate_backend(pg_backend_pid())", "Suicide"))
      }
      #expect(error?.code == .commitUnknown)
      #expect(error?.queryName == "Suicide")
      try await expectService(pool)
    }
  }

  @Test func aPipelineIsAllOrNothing() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint primary key)"))
      let insert = sql("insert into t values ($1) returning id", "InsertT")
      let results = try await pool.pipeline((1...100).map { (insert, [$0]) })
      #expect(try results.map { try $0.rows[0].get("id", as: Int.self) } == Array(1...100))
      let error = await postgresError {
        try await pool.pipeline([(insert, [101]), (insert, [7]), (sql("select 1", "After"), [])])
      }
      #expect(error?.code == .conflict)
      #expect(error?.queryName == "InsertT")
      #expect(try await pool.query(sql("select count(*) as n from t"))[0].get("n") == 100)
      #expect(try await pool.pipeline([]).isEmpty)
    }
  }

  @Test func aResultOfManyMegabytesArrivesWhole() async throws {
    try await withPool(size: 2) { pool in
      let text = String(repeating: "x", count: 3_000_000)
      async let large = pool.query(sql("select $1 || i as t from generate_series(1, 8) i"), text)
      try await expectService(pool)
      let rows = try await large
      #expect(rows.count == 8)
      #expect(try rows[7].get("t", as: String.self).utf8.count == 3_000_001)
    }
  }

  @Test func aClosedPoolRefuses() async throws {
    try await withPool { pool in
      _ = try await pool.query(sql("select 1"))
      pool.close()
      pool.close()
      do {
        let failure = await postgresError { try await pool.query(sql("select 1")) }
        #expect(failure?.code == .unavailable)
      }
    }
  }

  @Test func theServersAbsenceIsLoggedOnceAndBearable() async throws {
    let sink = CapturingSink()
    let pool = PostgresPool(
      configuration: PostgresConfiguration(
        url: "postgres://nobody@/nothing?host=/nonexistent", acquireTimeout: .milliseconds(300)),
      logger: Logger(label: "test", sink: sink))
    defer { pool.close() }
    for _ in 0..<2 {
      do {
        let failure = await postgresError { try await pool.query(sql("select 1")) }
        #expect(failure?.code == .unavailable)
      }
    }
    #expect(sink.lines.filter { $0.contains("cannot be reached") }.count == 1)
  }

  @Test func metricsTellWhatHappened() async throws {
    try await TestDatabase.with { database in
      let registry = MetricsRegistry()
      let pool = PostgresPool(
        configuration: PostgresConfiguration(url: database.url, applicationName: "shown"), metrics: registry)
      defer { pool.close() }
      _ = try await pool.query(sql("select 1", "One"))
      _ = await postgresError { try await pool.query(sql("select 1 / 0", "Bad")) }
      let text = registry.render()
      #expect(text.contains("ringmaster_postgres_query_seconds_count{query=\"One\"} 1"))
      #expect(text.contains("ringmaster_postgres_errors_total{query=\"Bad\",code=\"invalidValue\"} 1"))
      #expect(text.contains("ringmaster_postgres_connections{pool=\"shown\"} 1"))
    }
  }
}
