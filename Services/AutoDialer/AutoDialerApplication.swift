import Configuration
import Core
import EventLog
import HTTP
import Lifecycle
import Logging
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
  /// The do-not-call register that can be asked, and the key it must be shown.
  let wash: (url: String, key: Secret?)?
  /// What questions to campaigns' own systems are signed with.
  let eligibility: Secret?
  let limits: LimitSettings

  public init(_ reader: inout ConfigurationReader) {
    executor = reader.endpoints(of: "campaign-executor")
    tracker = reader.endpoints(of: "outcome-tracker")
    bridge = reader.endpoints(of: "media-bridge")
    knowledge = reader.endpoints(of: "kb-generator")
    let url = reader.optionalURL(
      "RINGMASTER_DNC_WASH_URL", schemes: ["https", "http"],
      help: "the do-not-call register that Australian numbers are washed against; without it they are called only with "
        + "express consent")
    let key = reader.optionalSecret("RINGMASTER_DNC_WASH_KEY", help: "the key that the register must be shown")
    wash = url.map { ($0, key) }
    eligibility = reader.optionalSecret(
      "RINGMASTER_ELIGIBILITY_SECRET",
      help: "signs questions to the systems that campaigns name; without it such a campaign calls nobody")
    limits = LimitSettings(&reader)
  }
}

/// The dialer, put together.
public enum AutoDialerApplication {
  private static let schemaName = "dialer"
  private static let expiredAtOnce = 100

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [
        try Migration("m0001_dialer", PackageResources.m0001_dialer_sql),
        try Migration("m0002_queue", PackageResources.m0002_queue_sql),
        try Migration("m0003_do_not_call", PackageResources.m0003_do_not_call_sql),
        try Migration("m0004_limits", PackageResources.m0004_limits_sql),
        try Migration("m0005_insight", PackageResources.m0005_insight_sql),
        try Migration("m0006_under_way", PackageResources.m0006_under_way_sql),
        try Migration("m0007_numbers", PackageResources.m0007_numbers_sql),
        try Migration("m0008_narrow_key", PackageResources.m0008_narrow_key_sql),
        try Migration("m0009_permits_apart", PackageResources.m0009_permits_apart_sql),
        try Migration("m0010_sweep", PackageResources.m0010_sweep_sql),
        try Migration("m0011_shared_permits", PackageResources.m0011_shared_permits_sql),
      ])
  }

  public static func build(
    _ settings: AutoDialerConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let gate = ClearanceGate(canWash: settings.wash != nil, canSign: settings.eligibility != nil)
    let store = try DialStore(pool: context.pool, events: log, gate: gate, settings: settings.limits)
    let looks = LastLooks(store: store)
    let wishes = ScheduledCalls(store: store, clock: context.clock)
    let placed = PlacedCalls(
      store: store, logger: context.logger,
      count: context.metrics.counter("dialer_calls_placed_total", "Attempts that the bridge has."))
    let placer = Placer(
      store: store, knowledge: KnowledgeServiceClient(try context.client(settings.knowledge)),
      media: MediaServiceClient(try context.client(settings.bridge)), clock: context.clock, logger: context.logger,
      placed: placed, looks: looks)
    let facts = DialerFacts(
      store: store, clock: context.clock, quietSeconds: placer.quietSeconds, logger: context.logger)
    context.serve(
      DialerServiceServer(AutoDialerService(store: store, clock: context.clock)),
      DoNotCallServiceServer(DoNotCallRPC(store: store, clock: context.clock)),
      LimitServiceServer(LimitRPC(store: store, clock: context.clock)),
      CallerIdServiceServer(
        CallerIDRPC(
          store: store, numbers: NumberServiceClient(try context.client(settings.bridge)), clock: context.clock)),
      InsightServiceServer(InsightRPC(store: store, clock: context.clock)),
      SchedulingServiceServer(SchedulingRPC(store: store, calls: wishes, clock: context.clock)),
      ForecastServiceServer(ForecastRPC(store: store, clock: context.clock, metrics: context.metrics)))
    let http = HTTPClient(ClearanceWorker.httpOptions)
    let clearances = ClearanceWorker(
      store: store, wash: settings.wash.map { WashClient(http: http, url: $0.url, key: $0.key) },
      eligibility: settings.eligibility.map { EligibilityClient(http: http, secret: $0) }, clock: context.clock,
      logger: context.logger, metrics: context.metrics)
    let rounds: [any LifecycleService] =
      clearances.services + AttemptResolver(store: store, placer: placer, logger: context.logger).services
      + leadRounds(store, context.clock, context.logger)
    return [
      context.serveFeed(of: log),
      try context.consume(
        settings.executor, source: "campaign-executor", schema: schemaName, handler: facts.takeCampaigns),
      try context.consume(settings.bridge, source: "media-bridge", schema: schemaName, handler: facts.takeCalls),
      try context.consume(
        settings.tracker, source: "outcome-tracker", schema: schemaName, handler: facts.takeOutcomes),
      http, placed, looks, wishes,
      DialWorker(
        store: store, placer: placer, clock: context.clock, logger: context.logger, metrics: context.metrics),
    ] + rounds
  }

  /// What is done about leads that wait, whatever kept them.
  private static func leadRounds(_ store: DialStore, _ clock: any BusinessClock, _ logger: Logger) -> [Rounds] {
    [
      Rounds(
        "scheduled-call-expiry", every: .seconds(1), logger: logger,
        failure: "scheduled calls could not be looked at; trying again"
      ) {
        try await store.expireScheduledCalls(most: expiredAtOnce, now: clock.now()) == expiredAtOnce
      },
      Rounds(
        "campaign-sweep", every: .seconds(1), logger: logger,
        failure: "the leads of a campaign that changed could not be gone through; trying again"
      ) {
        try await store.sweep(now: clock.now())
      },
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
