import Postgres
import Testing
import TestSupport

@Suite struct PostgresPoolTests {
  @Test func aQueryReturnsItsRows() async throws {
    try await TestDatabase.with { database in
      let pool = database.pool()
      let rows = try await pool.query(NamedQuery(name: "q", sql: "select $1 + 1 as a, $2 as b"), 41, "x")
      #expect(try rows[0].get("a") == 42)
      #expect(try rows[0].get("b") == "x")
      let none: Int? = nil
      let r = try await pool.query(NamedQuery(name: "q2", sql: "select $1::bigint as a, $2::text as b"), none, nil)
      #expect(try r[0].get("a", as: Int?.self) == nil)
      pool.close()
    }
  }
}
