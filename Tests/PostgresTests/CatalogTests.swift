import Postgres
import Testing

@Suite struct CatalogTests {
  @Test func blocksBecomeQueries() throws {
    let file = """
      -- Everything about leads.

      -- name: First
      -- Says why.
      select 1;
      -- name: Second
      select 2
      from t
      """
    let catalog = try QueryCatalog(Array(file.utf8), Array("-- name: Third\nselect 3".utf8))
    #expect(catalog.names == ["First", "Second", "Third"])
    #expect(try catalog.query("Second").sql.hasPrefix("select 2\nfrom t"))
    #expect(catalog["Nothing"] == nil)
    #expect(throws: PostgresError.self) { try catalog.query("Nothing") }
  }

  @Test(arguments: [
    "select 1", "-- name: A\n-- only words\n", "-- name: A\nselect 1\n-- name: A\nselect 2",
  ])
  func whatIsNoCatalogIsRefused(file: String) {
    #expect(throws: PostgresError.self) { try QueryCatalog(Array(file.utf8)) }
  }

  @Test func migrationsAreNumberedByTheirFiles() throws {
    let migration = try Migration("m0012_add_leads", Array("select 1".utf8))
    #expect(migration.number == 12)
    #expect(migration.name == "add_leads")
    for name in ["0012_add", "m_add", "m12", "m12_", "x12_add"] {
      #expect(throws: PostgresError.self) { try Migration(name, []) }
    }
  }
}
