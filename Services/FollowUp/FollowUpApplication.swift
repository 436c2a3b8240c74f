import Configuration
import EventLog
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// Settings of follow-up, read once.
public struct FollowUpConfiguration: Sendable {
  let tracker: [String]
  let executor: [String]

  public init(_ reader: inout ConfigurationReader) {
    tracker = reader.endpoints(of: "outcome-tracker")
    executor = reader.endpoints(of: "campaign-executor")
  }
}

/// follow-up, put together.
public enum FollowUpApplication {
  private static let schemaName = "follow_up"

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [
        try Migration("m0001_planned_actions", PackageResources.m0001_planned_actions_sql)
      ])
  }

  public static func build(
    _ settings: FollowUpConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let store = try ActionStore(pool: context.pool)
    context.serve(FollowUpServiceServer(FollowUpRPC(store: store)))
    let facts = FollowUpFacts(store: store, clock: context.clock, logger: context.logger)
    return [
      try context.consume(settings.tracker, source: "outcome-tracker", schema: schemaName, handler: facts.take),
      try context.consume(
        settings.executor, source: "campaign-executor", schema: schemaName, types: FollowUpFacts.stepTypes,
        handler: facts.takeSteps),
    ]
  }
}
