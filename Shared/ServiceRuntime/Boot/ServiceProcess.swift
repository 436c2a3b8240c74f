import Core
import Glibc
import HTTP
import Lifecycle
import Logging
import Metrics
import Nng
import Postgres
import RPC
import Synchronization
import Tracing

/// One service from configuration to exit status.
final class ServiceProcess: Sendable {
  typealias Build = @Sendable (RuntimeContext) async throws -> [any LifecycleService]

  private let name: String
  private let schema: DatabaseSchema?
  private let servesRPC: Bool
  private let common: CommonSettings
  private let warnings: [String]
  private let build: Build
  private let signals: [Int32]
  private let logger: Logger
  private let metrics = MetricsRegistry()
  private let readiness = Readiness()
  private let group = Mutex<ServiceGroup?>(nil)
  private let bound = Mutex(Bound())

  /// The addresses that were really bound.
  struct Bound: Sendable {
    var opsPort = 0
    var rpcEndpoints: [String] = []
  }

  /// - Parameter warnings: About the configuration, for the log.
  init(
    name: String, schema: DatabaseSchema?, servesRPC: Bool, common: CommonSettings, warnings: [String] = [],
    sink: any LogSink = StandardErrorSink(), signals: [Int32] = [SIGTERM, SIGINT], build: @escaping Build
  ) {
    self.name = name
    self.schema = schema
    self.servesRPC = servesRPC
    self.common = common
    self.warnings = warnings
    self.build = build
    self.signals = signals
    logger = Logger(label: name, level: common.logLevel, format: common.logFormat, sink: sink)
  }

  var boundAddresses: Bound { bound.withLock { $0 } }

  /// Runs until a signal, `stop()` or a failure. Returns the exit status; whatever was wrong is in the log.
  func run() async -> Int32 {
    for warning in warnings { logger.warning("configuration", [LogField("warning", warning)]) }
    do {
      if let database = common.database, let schema, database.migratesOnly {
        try await boot(schema, database).run()
        logger.info("the schema is up to date", [LogField("schema", schema.name)])
        return ExitStatus.ok
      }
      try await serve()
      logger.info("stopped")
      return ExitStatus.ok
    } catch {
      let status = ExitStatus.status(of: error)
      logger.error("the service ends", [.error(error), LogField("exit_status", Int(status))])
      return status
    }
  }

  /// As a signal would; before everything is set up it does nothing.
  func stop() {
    group.withLock { $0 }?.triggerShutdown()
  }

  /// Operations first, so that a start that waits can be looked at; then, once the database answers, the service.
  private func serve() async throws {
    let exporter = common.traceURL.map { url in
      TraceExporter(url: url, service: name, client: HTTPClient(), logger: logger, metrics: metrics)
    }
    let tracer = Tracer(service: name, sink: exporter)
    let ops = HTTPServer(
      name: "ops", address: common.opsAddress,
      router: OpsRoutes.router(service: name, readiness: readiness, metrics: metrics), logger: logger, metrics: metrics)
    try naming("RINGMASTER_OPS_LISTEN") { try ops.listen() }
    bound.withLock { $0.opsPort = ops.port }
    logger.info("starting", [LogField("ops_port", ops.port), LogField("process", Int(getpid()))])
    var first: [any LifecycleService] = [ops]
    if let exporter { first.append(exporter) }
    let group = ServiceGroup(
      services: first, drainTimeout: common.drainTimeout, logger: logger, signals: signals
    ) { [self] in
      try await start(tracer)
    }
    self.group.withLock { $0 = group }
    try await group.run()
  }

  private func start(_ tracer: Tracer) async throws -> [any LifecycleService] {
    let pool = try await openDatabase()
    var clientOptions = RPCClientOptions()
    clientOptions.tls = common.tls
    let context = RuntimeContext(
      name: name, clock: common.clock, logger: logger, metrics: metrics, tracer: tracer, database: pool,
      clientOptions: clientOptions, readiness: readiness)
    let own = try await build(context)
    var services: [any LifecycleService] = []
    if let pool, let schema {
      services += [pool, TableStatistics(pool: pool, schema: schema.name, logger: logger)]
    }
    services.append(ClosingClients(clients: context.clients))
    services += own
    if servesRPC { services.append(try listen(context, tracer)) }
    services.append(ReadinessGate(readiness: readiness))
    let names = services.map(\.name).joined(separator: ", ")
    logger.info("started", [LogField("services", names), LogField("business_time", context.clock.now())])
    return services
  }

  private func openDatabase() async throws -> PostgresPool? {
    guard let database = common.database, let schema else { return nil }
    try await boot(schema, database).run()
    let pool = PostgresPool(
      configuration: PostgresConfiguration(
        url: database.url, applicationName: name, poolSize: database.poolSize, schema: schema.name, role: schema.role),
      logger: logger, metrics: metrics)
    let look = NamedQuery(name: "readiness", sql: "select 1")
    readiness.add("database") { _ = try await pool.query(look) }
    return pool
  }

  private func boot(_ schema: DatabaseSchema, _ database: CommonSettings.Database) -> DatabaseBoot {
    DatabaseBoot(schema: schema, url: database.url, patience: database.patience, logger: logger)
  }

  private func listen(_ context: RuntimeContext, _ tracer: Tracer) throws -> RPCServer {
    var options = RPCServerOptions()
    options.tls = common.tls
    let server = RPCServer(
      endpoints: common.rpcEndpoints, services: context.rpcServices, options: options, logger: logger, metrics: metrics,
      tracer: tracer)
    try naming("RINGMASTER_RPC_LISTEN") { try server.listen() }
    bound.withLock { $0.rpcEndpoints = server.boundEndpoints }
    readiness.add("rpc") { [weak server] in
      guard server?.boundEndpoints.isEmpty == false else {
        throw StartFailure(status: ExitStatus.unavailable, description: "not listening")
      }
    }
    return server
  }

  /// Adds to a failure to bind which setting holds the address.
  private func naming(_ variable: String, _ listen: () throws -> Void) throws {
    do {
      try listen()
    } catch let error as NngError {
      let hint = error.code == .addressInUse ? " (another process has it; choose another)" : ""
      throw StartFailure(status: ExitStatus.unavailable, description: "\(variable): \(error.message)\(hint)")
    }
  }
}
