import Core
import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct MigratorTests {
  private static let first = Migration(
    number: 1, name: "create", sql: "create table lead (id bigint primary key, name text)")
  private static let second = Migration(
    number: 2, name: "fill",
    sql: "insert into lead select i, 'x' from generate_series(1, 10) i; create index on lead (name)")
  private static let third = Migration(number: 3, name: "more", sql: "alter table lead add column more text")

  private func migrator(_ migrations: [Migration], schema: String = "dialer") -> Migrator {
    Migrator(schema: schema, role: "\(schema)_test", migrations: migrations)
  }

  @Test func migrationsApplyInOrderOnce() async throws {
    try await TestDatabase.with { database in
      try await migrator([Self.second, Self.first]).run(on: database.url)
      try await migrator([Self.first, Self.second]).run(on: database.url)
      try await migrator([Self.first, Self.second, Self.third]).run(on: database.url)
      let pool = database.pool(schema: "dialer")
      defer { pool.close() }
      let history = try await pool.query(sql("select number, name from schema_migration order by applied_at"))
      #expect(try history.map { try $0.get("number", as: Int.self) } == [1, 2, 3])
      #expect(try await pool.query(sql("select count(more) + count(*) as n from lead"))[0].get("n") == 10)
    }
  }

  @Test func manyInstancesMayStartAtOnce() async throws {
    try await TestDatabase.with { database in
      try await withThrowingTaskGroup { group in
        for schema in ["dialer", "tracker"] {
          for _ in 0..<6 {
            group.addTask { try await migrator([Self.first, Self.second], schema: schema).run(on: database.url) }
          }
        }
        try await group.waitForAll()
      }
      let pool = database.pool(schema: "tracker")
      defer { pool.close() }
      #expect(try await pool.query(sql("select count(*) as n from lead"))[0].get("n") == 10)
    }
  }

  @Test func aChangedMigrationIsRefused() async throws {
    try await TestDatabase.with { database in
      try await migrator([Self.first, Self.second]).run(on: database.url)
      var changed = Self.first
      changed.sql += " "
      let error = await postgresError { try await migrator([changed, Self.second]).run(on: database.url) }
      #expect(error?.code == .migration)
      #expect(error?.message.contains("migration service 1 create was changed after it was applied") == true)
    }
  }

  @Test func aMigrationThatComesTooLateIsRefused() async throws {
    try await TestDatabase.with { database in
      try await migrator([Self.first, Self.third]).run(on: database.url)
      let late = await postgresError {
        try await migrator([Self.first, Self.second, Self.third]).run(on: database.url)
      }
      #expect(late?.message.contains("was never applied, but later ones were") == true)
      let missing = await postgresError { try await migrator([Self.third]).run(on: database.url) }
      #expect(missing?.message.contains("is not in this program") == true)
      let twins = await postgresError {
        try await migrator([Self.first, Migration(number: 1, name: "twin", sql: "")]).run(on: database.url)
      }
      #expect(twins?.message.contains("have the same number") == true)
    }
  }

  @Test func anOlderProgramStartsBesideANewerOne() async throws {
    try await TestDatabase.with { database in
      try await migrator([Self.first, Self.second, Self.third]).run(on: database.url)
      try await migrator([Self.first, Self.second]).run(on: database.url)
    }
  }

  @Test func componentsAreNumberedApart() async throws {
    try await TestDatabase.with { database in
      let shared = Migration(component: "log", number: 1, name: "log", sql: "create table log (id bigint)")
      try await migrator([shared, Self.first, Self.second]).run(on: database.url)
      let more = Migration(component: "log", number: 2, name: "log", sql: "alter table log add column a text")
      try await migrator([shared, more, Self.first, Self.second]).run(on: database.url)
    }
  }

  @Test func aMigrationThatFailsChangesNothing() async throws {
    try await TestDatabase.with { database in
      let bad = Migration(number: 2, name: "bad", sql: "create table extra (id bigint); select 1 / 0")
      let error = await postgresError { try await migrator([Self.first, bad]).run(on: database.url) }
      #expect(error?.code == .migration)
      #expect(error?.sqlState == "22012")
      #expect(error?.message.contains("migration service 2 bad of schema dialer failed") == true)
      let pool = database.pool(schema: "dialer")
      defer { pool.close() }
      #expect(try await pool.query(sql("select to_regclass('extra')::text as t"))[0].get("t", as: String?.self) == nil)
      #expect(try await pool.query(sql("select count(*) as n from schema_migration"))[0].get("n") == 1)
      try await migrator([Self.first, Self.second]).run(on: database.url)
    }
  }

  @Test func aRoleReachesItsOwnSchemaOnly() async throws {
    let migrators = [migrator([Self.first, Self.second]), migrator([Self.first], schema: "tracker")]
    try await TestDatabase.with(migrators) { database in
      let own = database.pool(schema: "dialer", role: "dialer_test")
      defer { own.close() }
      #expect(try await own.query(sql("select current_user::text as u"))[0].get("u") == "dialer_test")
      try await own.execute(sql("insert into lead values (11, 'y')"))
      try await own.execute(sql("delete from lead where id = 1"))
      #expect(try await own.query(sql("select count(*) as n from lead"))[0].get("n") == 10)
      for refused in [
        "select * from tracker.lead", "insert into tracker.lead values (1)", "drop table lead",
        "alter table lead add column z text", "create table own (id bigint)", "create table public.t (id bigint)",
        "create schema s", "update schema_migration set checksum = ''", "create role r",
      ] {
        let error = await postgresError { try await own.execute(sql(refused)) }
        #expect(error?.code == .denied, "\(refused)")
      }
      let other = database.pool(schema: "tracker", role: "tracker_test")
      defer { other.close() }
      let error = await postgresError { try await other.query(sql("select * from dialer.lead")) }
      #expect(error?.code == .denied)
    }
  }

  @Test func aRoleLogsInWithAPasswordOfItsOwn() async throws {
    let server = try await TestServer.start(in: TestServer.folder("passwords"), owner: getpid(), overTCP: true)
    try await migrator([Self.first]).run(on: server.url)
    let password = try #require(server.url.split(separator: ":").dropFirst(2).first?.split(separator: "@").first)
    func user(_ url: String) async throws -> String {
      let pool = PostgresPool(configuration: PostgresConfiguration(url: url, schema: "dialer", role: "dialer_test"))
      defer { pool.close() }
      return try await pool.query(sql("select current_user::text as u"))[0].get("u")
    }
    #expect(try await user(server.url) == "dialer_test")
    let wrong = await postgresError { try await user(server.url.replacing(password, with: "wrong")) }
    #expect(wrong?.code == .denied)
    #expect(wrong?.sqlState == "28P01")
    // A second run, with the same password, changes nothing that is noticed.
    try await migrator([Self.first]).run(on: server.url)
    #expect(try await user(server.url) == "dialer_test")
    try await server.destroy()
  }

  @Test func namesThatWouldNeedQuotesAreRefused() async throws {
    for schema in ["", "Dialer", "a b", "x;y", "1a", "a\"b"] {
      let error = await postgresError { try await migrator([], schema: schema).run(on: "postgres://nowhere/") }
      #expect(error?.code == .configuration, "\(schema)")
    }
  }
}
