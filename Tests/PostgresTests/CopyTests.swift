import Core
import JSON
import Postgres
import TestSupport
import Testing

@Suite struct CopyTests {
  private struct Stop: Error {}

  private static let table =
    "create table t (id bigint primary key, n integer, s smallint, name text, code varchar(8), at timestamptz, day date, data bytea, doc jsonb, tags text[], who uuid, ok boolean, x double precision)"
  private static let columns = ["id", "n", "s", "name", "code", "at", "day", "data", "doc", "tags", "who", "ok", "x"]

  @Test func rowsArriveAsTheyWere() async throws {
    try await withPool { pool in
      try await pool.execute(sql(Self.table))
      let who = UniqueID.random()
      let at = Instant(microsecondsSince1970: 1_700_000_000_000_001)
      let day = CivilDate(daysSince1970: 20_000)
      let count = try await pool.copyIn(table: "t", columns: Self.columns) { writer in
        for id in 1...1000 {
          try await writer.row { row in
            row.append(id)
            row.append(id * 3)
            row.append(Int16(7))
            row.append(id % 2 == 0 ? nil : "name \(id)")
            row.append("abc")
            row.append(at)
            row.append(day)
            row.append([1, 2, 3] as [UInt8])
            row.append(["a": 1] as JSONValue)
            row.append(["x", "y"])
            row.append(who)
            row.append(true)
            row.append(0.5)
          }
        }
      }
      #expect(count == 1000)
      let rows = try await pool.query(sql("select * from t where id in (1, 2) order by id"))
      #expect(try rows[0].get("name") == "name 1")
      #expect(try rows[1].get("name", as: String?.self) == nil)
      #expect(try rows[1].get("n") == 6)
      #expect(try rows[1].get("at") == at)
      #expect(try rows[1].get("day") == day)
      #expect(try rows[1].get("doc") == ["a": 1] as JSONValue)
      #expect(try rows[1].get("tags") == ["x", "y"])
      #expect(try rows[1].get("who") == who)
      #expect(try await pool.query(sql("select count(*) as n from t"))[0].get("n") == 1000)
    }
  }

  @Test func aValueThatDoesNotFitEndsItAndChangesNothing() async throws {
    try await withPool(size: 1) { pool in
      try await pool.execute(sql("create table t (id integer, name text)"))
      let rows: [[(any PostgresEncodable)?]] = [[1, "a"], [5_000_000_000, "b"]]
      let error = await postgresError { try await pool.copyIn(table: "t", columns: ["id", "name"], rows: rows) }
      #expect(error?.code == .invalidValue)
      #expect(error?.message.contains("column id") == true)
      let short = await postgresError { try await pool.copyIn(table: "t", columns: ["id", "name"], rows: [[1]]) }
      #expect(short?.message == "1 values for 2 columns")
      let long = await postgresError { try await pool.copyIn(table: "t", columns: ["id"], rows: [[1, 2, 3]]) }
      #expect(long?.message == "3 values for 1 columns")
      #expect(try await pool.query(sql("select * from t")).isEmpty)
      #expect(try await pool.copyIn(table: "t", columns: ["id"], rows: [[1], [2]]) == 2)
    }
  }

  @Test func whatTheServerRefusesIsUndone() async throws {
    try await withPool(size: 1) { pool in
      try await pool.execute(sql("create table t (id bigint primary key)"))
      let error = await postgresError { try await pool.copyIn(table: "t", columns: ["id"], rows: [[1], [2], [1]]) }
      #expect(error?.code == .conflict)
      #expect(error?.queryName == "copy")
      let missing = await postgresError { try await pool.copyIn(table: "t", columns: ["nothing"], rows: [[1]]) }
      #expect(missing?.code == .syntax)
      #expect(try await pool.query(sql("select * from t")).isEmpty)
    }
  }

  @Test func itIsPartOfItsTransaction() async throws {
    try await withPool(size: 2) { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      await #expect(throws: Stop.self) {
        try await pool.transaction(name: "undone") { transaction in
          try await transaction.copyIn(table: "t", columns: ["id"], rows: (1...10).map { [$0] })
          #expect(try await transaction.query(sql("select count(*) as n from t"))[0].get("n") == 10)
          throw Stop()
        }
      }
      await #expect(throws: Stop.self) {
        try await pool.copyIn(table: "t", columns: ["id"]) { writer in
          try await writer.row { $0.append(1) }
          throw Stop()
        }
      }
      #expect(try await pool.query(sql("select * from t")).isEmpty)
      let timeout = try await pool.transaction(name: "timeout") { transaction in
        let query = sql("select current_setting('statement_timeout') as t")
        let before: String = try await transaction.query(query)[0].get("t")
        try await transaction.copyIn(table: "t", columns: ["id"], rows: [[1]])
        return (before, try await transaction.query(query)[0].get("t", as: String.self))
      }
      #expect(timeout.0 == "30s")
      #expect(timeout.1 == timeout.0)
    }
  }

  @Test func aSlowServerHoldsTheWriterBack() async throws {
    try await withPool(size: 2) { pool in
      try await pool.execute(sql("create table t (name text)"))
      try await pool.execute(
        sql(
          "create function slow() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4711); return new; end $$"
        ))
      try await pool.execute(sql("create trigger slow before insert on t for each row execute function slow()"))
      let text = String(repeating: "x", count: 10_000)
      let written = Tally()
      try await pool.transaction(name: "holder") { holder in
        try await holder.execute(sql("select pg_advisory_xact_lock(4711)"))
        async let copied = pool.copyIn(table: "t", columns: ["name"]) { writer in
          for _ in 0..<2000 {
            try await writer.row { $0.append(text) }
            written.add()
          }
        }
        let waits = sql("select 1 from pg_locks where locktype = 'advisory' and not granted")
        while try await holder.query(waits).isEmpty { await Task.yield() }
        var last = -1
        while written.value != last {  // Until it stands still.
          last = written.value
          for _ in 0..<50 { _ = try await holder.query(waits) }
        }
        #expect(last < 1000)
        try await holder.execute(sql("rollback"))
        #expect(try await copied == 2000)
      }
    }
  }

  @Test func losingTheServerEndsIt() async throws {
    try await withPool(size: 2) { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      let error = await postgresError {
        try await pool.copyIn(table: "t", columns: ["id"]) { writer in
          try await pool.execute(
            sql(
              "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            ))
          while true { try await writer.row { $0.append(1) } }
        }
      }
      #expect(error?.code == .unavailable)
      try await expectService(pool)
    }
  }
}
