import Configuration
import EventLog
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// Settings of outcome-tracker, read once.
public struct OutcomeTrackerConfiguration: Sendable {
  let bridge: [String]
  let scorer: [String]
  let rates: RateCard

  public init(_ reader: inout ConfigurationReader) {
    bridge = reader.endpoints(of: "media-bridge")
    scorer = reader.endpoints(of: "qualification-scorer")
    let standard = RateCard.standard
    rates = RateCard(
      telephonyMicrosPerMinute: Int64(
        reader.int(
          "RINGMASTER_RATE_TELEPHONY_MICROS_PER_MINUTE", default: Int(standard.telephonyMicrosPerMinute),
          range: 0...100_000_000, help: "What the carrier charges for each minute begun, in micro-dollars.")),
      engineMicrosPerMinute: Int64(
        reader.int(
          "RINGMASTER_RATE_ENGINE_MICROS_PER_MINUTE", default: Int(standard.engineMicrosPerMinute),
          range: 0...100_000_000, help: "What the voice engine costs a minute, in micro-dollars.")))
  }
}

/// outcome-tracker, put together.
public enum OutcomeTrackerApplication {
  private static let schemaName = "outcome"

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [try Migration("m0001_calls", PackageResources.m0001_calls_sql)])
  }

  public static func build(
    _ settings: OutcomeTrackerConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let store = try OutcomeStore(pool: context.pool, events: log)
    context.serve(OutcomeServiceServer(OutcomeRPC(store: store)))
    return [
      context.serveFeed(of: log),
      try context.consume(
        settings.bridge, source: "media-bridge", schema: schemaName,
        handler: TrackerFacts(store: store, logger: context.logger).take),
      OutcomeWorker(
        store: store, scorer: ScorerServiceClient(try context.client(settings.scorer)), rates: settings.rates,
        clock: context.clock, logger: context.logger, metrics: context.metrics
      ).service,
    ]
  }
}
