import Core
import JSON
import Postgres
import TestSupport
import Testing

private enum Colour: String, PostgresEncodable, PostgresDecodable { case red, green }

@Suite struct ValueTests {
  @Test(arguments: UInt64(1)...20) func valuesComeBackAsTheyWereSent(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let integers = (0..<8).map { _ in Int64.random(in: .min ... .max, using: &generator) }
    let texts = (0..<8).map { _ in
      String(
        String.UnicodeScalarView(
          (0..<Int.random(in: 0...20, using: &generator)).compactMap { _ in
            Unicode.Scalar(UInt32.random(in: 1...0x2FFF, using: &generator))
          }))
    }
    let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let ids = (0..<3).map { _ in UniqueID(high: generator.next(), low: generator.next()) }
    let instant = Instant(
      microsecondsSince1970: Int64.random(in: -60_000_000_000_000_000...200_000_000_000_000_000, using: &generator))
    let date = CivilDate(daysSince1970: Int.random(in: -700_000...2_000_000, using: &generator))
    let number = Double(bitPattern: generator.next())
    let duration = Duration.microseconds(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator))
    try await withPool(size: 1) { pool in
      let rows = try await pool.query(
        sql(
          "select $1 as a, $2 as b, $3 as c, $4 as d, $5 as e, $6 as f, $7 as g, $8 as h, $9 as i, $10 as j, $11 as k"),
        integers[0], Int32(truncatingIfNeeded: integers[1]), texts[0], bytes, ids[0], instant, date, number, duration,
        integers, texts)
      let row = try #require(rows.first)
      #expect(try row.get("a") == integers[0])
      #expect(try row.get("b") == Int32(truncatingIfNeeded: integers[1]))
      #expect(try row.get("c") == texts[0])
      #expect(try row.get("d") == bytes)
      #expect(try row.get("e") == ids[0])
      #expect(try row.get("f") == instant)
      #expect(try row.get("g") == date)
      #expect(try row.get("h", as: Double.self).bitPattern == number.bitPattern || number.isNaN)
      #expect(try row.get("i") == duration)
      #expect(try row.get("j") == integers)
      #expect(try row.get("k") == texts)
      let more = try await pool.query(
        sql("select $1 as a, $2 as b, $3 as c, $4 as d, $5 as e, $6 as f, $7 as g"), ids, [bytes, [], [0]],
        [true, false], [1, nil, 3] as [Int?], [] as [String], LeadID(ids[1]), PostgresTransactionID(.max))
      let second = try #require(more.first)
      #expect(try second.get("a") == ids)
      #expect(try second.get("b") == [bytes, [], [0]])
      #expect(try second.get("c") == [true, false])
      #expect(try second.get("d") == [1, nil, 3] as [Int?])
      #expect(try second.get("e", as: [String].self).isEmpty)
      #expect(try second.get("f") == LeadID(ids[1]))
      #expect(try second.get("g") == PostgresTransactionID(.max))
    }
  }

  @Test func documentsAndEnumerationsComeBack() async throws {
    try await withPool { pool in
      let document: JSONValue = ["name": "Zoë \"x\"", "list": [1, 2.5, nil, true], "deep": ["a": [:]]]
      let rows = try await pool.query(sql("select $1 as a, $1::json as b, $2 as c"), document, Colour.green)
      #expect(try rows[0].get("a") == document)
      #expect(try rows[0].get("b") == document)
      #expect(try rows[0].get("c") == Colour.green)
      let wrong = await postgresError { try rows[0].get("a", as: Colour.self) }
      #expect(wrong?.code == .invalidRow)
    }
  }

  @Test func nullsOfAnyTypeShareAStatement() async throws {
    try await withPool(size: 1) { pool in
      let query = sql("select $1::bigint as a, $2::text as b")
      let none: Int? = nil
      let first = try await pool.query(query, 7, "x")
      #expect(try first[0].get("a", as: Int?.self) == 7)
      let second = try await pool.query(query, none, nil)
      #expect(try second[0].get("a", as: Int?.self) == nil)
      #expect(try second[0].get("b", as: String?.self) == nil)
      let count = try await pool.query(
        sql("select count(*) as n from pg_prepared_statements where statement like 'select $1::bigint as a%'"))
      #expect(try count[0].get("n") == 1)
    }
  }

  @Test func integersAreReadFromAnyWidthThatFits() async throws {
    try await withPool { pool in
      let rows = try await pool.query(
        sql("select 7::smallint as a, 70000::integer as b, 5000000000 as c, 1.5::real as d"))
      #expect(try rows[0].get("a", as: Int.self) == 7)
      #expect(try rows[0].get("b", as: Int64.self) == 70_000)
      #expect(try rows[0].get("d", as: Double.self) == 1.5)
      let tooNarrow = await postgresError { try rows[0].get("c", as: Int32.self) }
      #expect(tooNarrow?.code == .invalidRow)
      #expect(tooNarrow?.message.contains("column c") == true)
    }
  }

  @Test func aRowSaysWhatIsWrong() async throws {
    try await withPool { pool in
      let rows = try await pool.query(
        sql("select null::text as a, 'x' as b, interval '1 month' as c, 'infinity'::timestamptz as d"))
      let isNull = await postgresError { try rows[0].get("a", as: String.self) }
      #expect(isNull?.message == "column a: is null")
      let isMissing = await postgresError { try rows[0].get("zz", as: String.self) }
      #expect(isMissing?.message == "column zz: does not exist")
      let isText = await postgresError { try rows[0].get("b", as: Int.self) }
      #expect(isText?.code == .invalidRow)
      let isMonth = await postgresError { try rows[0].get("c", as: Duration.self) }
      #expect(isMonth?.code == .invalidRow)
      #expect(try rows[0].get("d", as: Instant.self) == .distantFuture)
      #expect(try rows[0].get(at: 1, as: String.self) == "x")
    }
  }
}
