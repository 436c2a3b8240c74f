import Core
import Crypto
import Postgres

/// Who a key of the REST API belongs to.
struct KeyHolder: Hashable, Sendable {
  var tenant: TenantID
  /// The name of the key, which audits show as the actor.
  var name: String
}

/// The keys of the REST API.
struct KeyStore: Sendable {
  let pool: PostgresPool
  private let insert: NamedQuery
  private let byHash: NamedQuery

  init(pool: PostgresPool) throws {
    self.pool = pool
    let catalog = try QueryCatalog(PackageResources.gateway_queries_sql)
    insert = try catalog.query("InsertKey")
    byHash = try catalog.query("KeyByHash")
  }

  /// Lets a key in. One that is known already stays as it is.
  func admit(_ key: String, name: String, tenant: TenantID, now: Instant) async throws {
    try await pool.execute(insert, tenant, UniqueID.random(), name, SHA256.hash(key), now)
  }

  func holder(of key: String) async throws -> KeyHolder? {
    try await pool.query(byHash, SHA256.hash(key)).first.map { row in
      KeyHolder(tenant: try row.get("tenant_id"), name: try row.get("name"))
    }
  }
}
