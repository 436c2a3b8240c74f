import AutoDialer
import CampaignExecutor
import Core
import EventLog
import MediaBridge
import OutcomeTracker
import Postgres
import ServiceRuntime
import TestSupport

/// A PostgreSQL of a lane's own: transactions of others would decide when events become readable here.
struct SimulationServer: Sendable {
  static let template = "simulation_template"
  let server: TestServer
  let schemas: [DatabaseSchema]

  static func start(_ name: String, owner: Int32) async throws -> SimulationServer {
    let server = try await TestServer.start(in: TestServer.folder("simulation-\(name)"), owner: owner)
    let schemas = [
      try CampaignExecutorApplication.schema(), try AutoDialerApplication.schema(),
      try MediaBridgeApplication.schema(), try OutcomeTrackerApplication.schema(),
    ]
    let made = SimulationServer(server: server, schemas: schemas)
    try await made.prepare()
    return made
  }

  func destroy() async throws { try await server.destroy() }

  func url(of database: String) -> String {
    let parts = server.url.split(separator: "?", maxSplits: 1)
    let base = parts[0].lastIndex(of: "/").map { parts[0][...$0] } ?? parts[0]
    return base + database + (parts.count > 1 ? "?" + parts[1] : "")
  }

  func admin(_ database: String? = nil) -> PostgresPool {
    PostgresPool(
      configuration: PostgresConfiguration(
        url: database.map(url) ?? server.url, applicationName: "simulation", poolSize: 1))
  }

  private func prepare() async throws {
    try await configure()
    let admin = admin()
    defer { admin.close() }
    try await admin.sql("create database \(Self.template)")
    for schema in schemas {
      try await Migrator(schema: schema.name, role: schema.role, migrations: schema.migrations).run(
        on: url(of: Self.template))
    }
    let template = self.admin(Self.template)
    defer { template.close() }
    for statement in Self.virtualTime { try await template.sql(statement) }
  }

  /// Vacuum runs at steps of the simulation: what the server does by itself would make runs differ. So would plans that
  /// depend on statistics, and a table that is large before it was counted makes them slow: indexes are always used. A
  /// crash here is a connection that is cut; nothing of a server that really crashes is kept (`--fast`: fsync is off).
  /// The writer of the log is not woken at each commit.
  private static let settings = [
    "autovacuum = off", "track_counts = off", "enable_seqscan = off", "max_parallel_workers_per_gather = 0",
    "wal_level = minimal", "max_wal_senders = 0", "max_wal_size = '4GB'", "wal_writer_delay = '10s'",
    "wal_writer_flush_after = '1GB'", "checkpoint_timeout = '1h'", "shared_buffers = '512MB'",
    "update_process_title = off",
  ]

  private func configure() async throws {
    let admin = admin()
    for setting in Self.settings { try await admin.sql("alter system set \(setting)") }
    admin.close()
    try await server.restart()
  }

  /// Leases and looks of the services use the database's own time. In here that is the simulation's: the services find
  /// these functions before PostgreSQL's, and columns default to them.
  private static let virtualTime = [
    "create schema simulation",
    "create unlogged sequence simulation.clock minvalue 0 start 0",
    """
    create function simulation.now() returns timestamptz language plpgsql stable parallel safe as $$
    begin return to_timestamp(pg_sequence_last_value('simulation.clock') / 1e6::float8); end $$
    """,
    """
    create function simulation.clock_timestamp() returns timestamptz language sql stable as 'select simulation.now()'
    """,
    "grant usage on schema simulation to public",
    "grant select on sequence simulation.clock to public",
    """
    do $$ declare found record; begin
      for found in
        select n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid) as expression
        from pg_attrdef d join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where pg_get_expr(d.adbin, d.adrelid) like '%now()%' and c.relname not like 'event%'
          and n.nspname in ('campaign', 'dialer', 'media', 'outcome')
      loop
        execute format('alter table %I.%I alter column %I set default %s', found.nspname, found.relname, found.attname,
          replace(found.expression, 'now()', 'simulation.now()'));
      end loop;
    end $$
    """,
  ]
}

/// The database of one world.
final class SimulationDatabase: Sendable {
  let lane: SimulationServer
  let name: String
  let admin: PostgresPool

  private init(lane: SimulationServer, name: String, admin: PostgresPool) {
    self.lane = lane
    self.name = name
    self.admin = admin
  }

  static func make(_ name: String, on lane: SimulationServer) async throws -> SimulationDatabase {
    let server = lane.admin()
    defer { server.close() }
    try await server.sql("drop database if exists \(name) with (force)")
    try await server.sql("create database \(name) template \(SimulationServer.template) strategy file_copy")
    for schema in lane.schemas {
      try await server.sql(
        "alter role \(schema.role) in database \(name) set search_path = \(schema.name), simulation, pg_catalog")
      // As the services' own connections have it.
      try await server.sql("alter role \(schema.role) in database \(name) set plan_cache_mode = force_generic_plan")
    }
    // The audit reads whole tables.
    try await server.sql("alter role current_user in database \(name) set enable_seqscan = on")
    try await server.sql("alter role current_user in database \(name) set enable_nestloop = off")
    return SimulationDatabase(lane: lane, name: name, admin: lane.admin(name))
  }

  func drop() async throws {
    admin.close()
    let server = lane.admin()
    defer { server.close() }
    try await server.sql("drop database if exists \(name) with (force)")
  }

  func pool(
    _ service: Service, _ host: String,
    commits: (@Sendable (PostgresConfiguration.CommitMoment, String) async throws -> Void)? = nil
  ) -> PostgresPool {
    var configuration = PostgresConfiguration(
      url: lane.url(of: name), applicationName: host, poolSize: 4, role: "ringmaster_\(service.rawValue)")
    configuration.commitFault = commits
    return PostgresPool(configuration: configuration)
  }

  func setTime(_ now: Instant) async throws {
    try await admin.execute(Self.setClock, now.microsecondsSince1970)
  }

  /// Ends every connection of a process and waits until they are gone: a transaction that is still open somewhere keeps
  /// events from being read, for as long as a real server takes to notice.
  func cut(_ host: String) async throws {
    try await admin.execute(Self.terminate, host)
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try await admin.query(Self.connected, host).first != nil {
      guard clock.now < deadline else { throw PostgresError(.timedOut, "connections of \(host) do not end") }
    }
  }

  private static let setClock = NamedQuery(name: "set clock", sql: "select setval('simulation.clock', $1)")
  private static let terminate = NamedQuery(
    name: "terminate", sql: "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1")
  private static let connected = NamedQuery(
    name: "connected", sql: "select 1 from pg_stat_activity where application_name = $1 limit 1")
}

extension PostgresPool {
  /// A statement of the simulation's own.
  @discardableResult
  func sql(_ text: String) async throws -> [PostgresRow] {
    try await query(NamedQuery(name: "simulation", sql: text))
  }
}
