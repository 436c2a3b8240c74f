import Core
import Postgres
import TestSupport
import Testing

@Suite struct ErrorTests {
  @Test func errorsCarryTheQueryAndTheState() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint primary key, n integer check (n > 0), m integer not null)"))
      try await pool.execute(sql("insert into t values (1, 1, 1)"))
      let insert = sql("insert into t values ($1, $2, $3)", "InsertT")
      let conflict = await postgresError { try await pool.execute(insert, 1, 1, 1) }
      #expect(conflict?.code == .conflict)
      #expect(conflict?.sqlState == "23505")
      #expect(conflict?.queryName == "InsertT")
      #expect(conflict?.constraint == "t_pkey")
      let check = await postgresError { try await pool.execute(insert, 2, 0, 1) }
      #expect(check?.code == .constraint)
      #expect(check?.constraint == "t_n_check")
      do {
        let failure = await postgresError { try await pool.execute(insert, 2, 1, nil) }
        #expect(failure?.sqlState == "23502")
      }
      let missing = await postgresError { try await pool.query(sql("select * from nowhere", "Missing")) }
      #expect(missing?.code == .syntax)
      #expect(missing?.queryName == "Missing")
    }
  }

  @Test func errorsHoldNoRowData() async throws {
    try await withPool { pool in
      let secret = "+61491570157"
      let error = await postgresError { try await pool.query(sql("select ($1 || 'x')::integer"), secret) }
      #expect(error?.code == .invalidValue)
      #expect(error.map { !"\($0)".contains(secret) } == true)
      try await pool.execute(sql("create table t (phone text primary key)"))
      try await pool.execute(sql("insert into t values ($1)"), secret)
      let conflict = await postgresError { try await pool.execute(sql("insert into t values ($1)"), secret) }
      #expect(conflict.map { !"\($0)".contains(secret) } == true)
    }
  }

  @Test func textWithAZeroByteIsRefused() async throws {
    try await withPool { pool in
      do {
        let failure = await postgresError { try await pool.query(sql("select $1"), "a\u{0}b") }
        #expect(failure?.code == .invalidValue)
      }
      try await expectService(pool)
    }
  }

  @Test func aFailedPreparationIsNotRemembered() async throws {
    try await withPool(size: 1) { pool in
      let query = sql("select * from later")
      do {
        let failure = await postgresError { try await pool.query(query) }
        #expect(failure?.code == .syntax)
      }
      try await pool.execute(sql("create table later ()"))
      #expect(try await pool.query(query).isEmpty)
    }
  }

  @Test func aTableThatChangesUnderAPreparedStatementGoesUnnoticed() async throws {
    try await withPool(size: 1) { pool in
      try await pool.execute(sql("create table t as select 1 as a"))
      let query = sql("select * from t")
      #expect(try await pool.query(query)[0].columnCount == 1)
      try await pool.execute(sql("alter table t add column b text"))
      #expect(try await pool.query(query)[0].columnCount == 2)
      try await pool.execute(sql("alter table t add column c text"))
      let columns = try await pool.transaction(name: "test") { try await $0.query(query)[0].columnCount }
      #expect(columns == 3)
    }
  }

  @Test func aWrongAddressIsToldAtOnce() async throws {
    try await TestDatabase.with { database in
      for (url, code) in [
        (database.url.replacing("test_", with: "nowhere_"), PostgresError.Code.configuration),
        (database.url.replacing("//ringmaster", with: "//nobody_of_that_name"), .denied),
        ("http://localhost", .configuration),
      ] {
        let pool = PostgresPool(configuration: PostgresConfiguration(url: url))
        let error = await postgresError { try await pool.query(sql("select 1")) }
        #expect(error?.code == code, "\(url): \(error.map { "\($0)" } ?? "")")
        pool.close()
      }
    }
  }
}
