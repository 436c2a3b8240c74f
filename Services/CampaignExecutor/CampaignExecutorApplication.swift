import Configuration
import EventLog
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// Settings of campaign-executor, read once.
public struct CampaignExecutorConfiguration: Sendable {
  let dialer: [String]
  let tracker: [String]

  public init(_ reader: inout ConfigurationReader) {
    dialer = reader.endpoints(of: "auto-dialer")
    tracker = reader.endpoints(of: "outcome-tracker")
  }
}

/// campaign-executor, put together.
public enum CampaignExecutorApplication {
  private static let schemaName = "campaign"

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [try Migration("m0001_campaigns", PackageResources.m0001_campaigns_sql)])
  }

  public static func build(
    _ settings: CampaignExecutorConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let store = try CampaignStore(pool: context.pool, events: log)
    let facts = ExecutorFacts(store: store, clock: context.clock, logger: context.logger)
    context.serve(CampaignServiceServer(CampaignRPC(store: store, clock: context.clock)))
    return [
      context.serveFeed(of: log),
      try context.consume(settings.dialer, source: "auto-dialer", schema: schemaName, handler: facts.takeAttempts),
      try context.consume(
        settings.tracker, source: "outcome-tracker", schema: schemaName, handler: facts.takeOutcomes),
    ]
  }
}
