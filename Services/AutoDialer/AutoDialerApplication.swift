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
  let limits: LimitSettings

  public init(_ reader: inout ConfigurationReader) {
    executor = reader.endpoints(of: "campaign-executor")
    tracker = reader.endpoints(of: "outcome-tracker")
    bridge = reader.endpoints(of: "media-bridge")
    knowledge = reader.endpoints(of: "kb-generator")
    limits = LimitSettings(&reader)
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
        try Migration("m0004_limits", PackageResources.m0004_limits_sql),
      ])
  }

  public static func build(
    _ settings: AutoDialerConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let store = try DialStore(pool: context.pool, events: log, settings: settings.limits)
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
    context.serve(LimitServiceServer(LimitRPC(store: store, clock: context.clock)))
    context.serve(
      CallerIdServiceServer(
        CallerIDRPC(
          store: store, numbers: NumberServiceClient(try context.client(settings.bridge)), clock: context.clock)))
    return [
      context.serveFeed(of: log),
      try context.consume(
        settings.executor, source: "campaign-executor", schema: schemaName, handler: facts.takeCampaigns),
      try context.consume(settings.bridge, source: "media-bridge", schema: schemaName, handler: facts.takeCalls),
      try context.consume(
        settings.tracker, source: "outcome-tracker", schema: schemaName, handler: facts.takeOutcomes),
      placed,
      AttemptResolver(store: store, placer: placer, logger: context.logger),
      DialWorker(
        store: store, placer: placer, clock: context.clock, owner: UniqueID.random().description,
        logger: context.logger, metrics: context.metrics),
    ]
  }
}

extension LimitSettings {
  init(_ reader: inout ConfigurationReader) {
    self.init()
    func limit(_ name: String, _ reader: inout ConfigurationReader, help: String) -> Int? {
      let value = reader.int(name, default: 0, range: 0...1_000_000, help: "\(help) 0: no limit.")
      return value == 0 ? nil : value
    }
    maxConcurrentCalls = limit(
      "RINGMASTER_PROVIDER_MAX_CALLS", &reader,
      help: "Calls at once that a provider takes from a tenant, where the tenant says nothing.")
    maxCallsPerMinute = limit(
      "RINGMASTER_PROVIDER_MAX_CALLS_PER_MINUTE", &reader,
      help: "Calls a minute that a provider takes from a tenant, where the tenant says nothing.")
    inboundPercent = reader.int(
      "RINGMASTER_PROVIDER_INBOUND_PERCENT", default: 0, range: 0...90,
      help: "Share of a provider's calls at once that is kept for inbound calls.")
    rateCard.microsPerMinute = Int64(
      reader.int(
        "RINGMASTER_CALL_MINUTE_COST_MICROS", default: Int(CallRateCard.standard.microsPerMinute),
        range: 1...100_000_000,
        help: "Micro-dollars that a minute of a call is reserved at in a campaign's budget."))
    callerIDStyle = reader.choice(
      "RINGMASTER_CALLER_ID_CHOICE", default: .leastUsed, help: "Which of the numbers as near is shown.")
  }
}
