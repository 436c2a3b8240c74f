import Configuration
import EventLog
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// Settings of qualification-scorer, read once.
public struct QualificationScorerConfiguration: Sendable {
  let executor: [String]

  public init(_ reader: inout ConfigurationReader) {
    executor = reader.endpoints(of: "campaign-executor")
  }
}

/// qualification-scorer, put together.
public enum QualificationScorerApplication {
  private static let schemaName = "scorer"

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [try Migration("m0001_scores", PackageResources.m0001_scores_sql)])
  }

  public static func build(
    _ settings: QualificationScorerConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let store = try ScoreStore(pool: context.pool)
    context.serve(ScorerServiceServer(ScorerService(store: store, clock: context.clock)))
    return [
      try context.consume(
        settings.executor, source: "campaign-executor", schema: schemaName, types: ScorerFacts.types,
        handler: ScorerFacts(store: store).take)
    ]
  }
}
