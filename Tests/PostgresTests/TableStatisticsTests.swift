import Postgres
import TestSupport
import Testing

@Suite struct TableStatisticsTests {
  @Test func aTableIsCountedAgainWhenItHasDoubled() async throws {
    let table = Migration(
      number: 1, name: "table",
      sql: "create table thing (id integer, note text) with (autovacuum_enabled = false)")
    try await TestDatabase.with([Migrator(schema: "stock", role: "stock_test", migrations: [table])]) { database in
      let pool = database.pool(schema: "stock", role: "stock_test", size: 1)
      defer { pool.close() }
      let statistics = TableStatistics(pool: pool, schema: "stock")
      let insert = NamedQuery(
        name: "insert", sql: "insert into thing select i, repeat('x', 100) from generate_series(1, $1::int) i")
      let known = NamedQuery(
        name: "known", sql: "select reltuples::int as rows from pg_class where oid = 'thing'::regclass")
      func rows() async throws -> Int { try await pool.query(known)[0].get("rows") }
      #expect(try await statistics.refresh() == 0)
      for (more, counted, expected) in [(10_000, 1, 10_000), (5_000, 0, 10_000), (15_000, 1, 30_000)] {
        try await pool.execute(insert, more)
        #expect(try await statistics.refresh() == counted)
        #expect(try await rows() == expected)
      }
      #expect(try await statistics.refresh() == 0)
    }
  }
}
