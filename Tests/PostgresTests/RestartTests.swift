import Core
import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct RestartTests {
  /// Writers go on while the server stops and starts again: each value is in the table exactly once.
  @Test func workSurvivesARestartOfTheServer() async throws {
    guard getenv("RINGMASTER_TEST_DATABASE_URL") == nil else {
      try Test.cancel("the server given in RINGMASTER_TEST_DATABASE_URL is not ours to restart")
    }
    let server = try await TestServer.start(in: TestServer.folder("restart"), owner: getpid())
    let pool = PostgresPool(
      configuration: PostgresConfiguration(url: server.url, poolSize: 6, acquireTimeout: .seconds(60)))
    try await pool.execute(sql("create table t (id bigint not null)"))
    let written = Tally()
    let isOver = Tally()
    try await withThrowingTaskGroup { group in
      for writer in 0..<8 {
        group.addTask {
          var id = writer
          while isOver.value == 0 {
            try await Self.write(id, pool)
            id += 8
            written.add()
          }
        }
      }
      for _ in 0..<3 {
        let before = written.value
        while written.value < before + 200 { await Task.yield() }
        try await server.restart()
      }
      let after = written.value
      while written.value < after + 200 { await Task.yield() }
      isOver.add()
      try await group.waitForAll()
    }
    let row = try await pool.query(sql("select count(*) as n, count(distinct id) as d from t"))[0]
    #expect(try row.get("n") == written.value)
    #expect(try row.get("d") == written.value)
    pool.close()
    try await server.destroy()
  }

  /// Inserts `id` once. When the connection is lost at COMMIT, looks before doing it again.
  private static func write(_ id: Int, _ pool: PostgresPool) async throws {
    while true {
      do {
        try await pool.transaction(name: "write") { transaction in
          try await transaction.execute(sql("insert into t values ($1)"), id)
        }
        return
      } catch let error as PostgresError where error.code == .commitUnknown {
        while true {
          do {
            if try await !pool.query(sql("select 1 from t where id = $1"), id).isEmpty { return }
            break
          } catch let error as PostgresError where error.code == .commitUnknown {
            continue  // Only a reading was lost.
          }
        }
      }
    }
  }
}
