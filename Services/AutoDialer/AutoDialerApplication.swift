import Configuration
import Core
import EventLog
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// Settings of the dialer, read once.
public struct AutoDialerConfiguration: Sendable {
  let executor: [String]
  let tracker: [String]
  let bridge: [String]
  let knowledge: [String]

  public init(_ reader: inout ConfigurationReader) {
    executor = reader.endpoints(of: "campaign-executor")
    tracker = reader.endpoints(of: "outcome-tracker")
    bridge = reader.endpoints(of: "media-bridge")
    knowledge = reader.endpoints(of: "kb-generator")
  }
}

/// The dialer, put together.
public enum AutoDialerApplication {
  private static let schemaName = "dialer"

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [
        try Migration("m0001_dialer", PackageResources.m0001_dialer_sql),
        try Migration("m0002_queue", PackageResources.m0002_queue_sql),
        try Migration("m0005_insight", PackageResources.m0005_insight_sql),
      ])
  }

  public static func build(
    _ settings: AutoDialerConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let store = try DialStore(pool: context.pool, events: log)
    let placed = PlacedCalls(
      store: store, logger: context.logger,
      count: context.metrics.counter("dialer_calls_placed_total", "Attempts that the bridge has."))
    let placer = Placer(
      store: store, knowledge: KnowledgeServiceClient(try context.client(settings.knowledge)),
      media: MediaServiceClient(try context.client(settings.bridge)), clock: context.clock, logger: context.logger,
      placed: placed)
    let facts = DialerFacts(
      store: store, clock: context.clock, quietSeconds: placer.quietSeconds, logger: context.logger)
    context.serve(DialerServiceServer(AutoDialerService(store: store, clock: context.clock)))
    context.serve(InsightServiceServer(InsightRPC(store: store, clock: context.clock)))
    context.serve(SchedulingServiceServer(SchedulingRPC(store: store, clock: context.clock)))
    return [
      context.serveFeed(of: log),
      try context.consume(
        settings.executor, source: "campaign-executor", schema: schemaName, handler: facts.takeCampaigns),
      try context.consume(settings.bridge, source: "media-bridge", schema: schemaName, handler: facts.takeCalls),
      try context.consume(
        settings.tracker, source: "outcome-tracker", schema: schemaName, handler: facts.takeOutcomes),
      placed,
      AttemptResolver(store: store, placer: placer, logger: context.logger),
      ScheduledCallExpiry(store: store, clock: context.clock, logger: context.logger),
      DialWorker(
        store: store, placer: placer, clock: context.clock, owner: UniqueID.random().description,
        logger: context.logger, metrics: context.metrics),
    ]
  }
}
