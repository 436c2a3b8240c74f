import Configuration
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// kb-generator has no settings of its own: the common ones are all it needs.
public struct KBGeneratorConfiguration: Sendable {
  public init(_ reader: inout ConfigurationReader) {}
}

/// kb-generator, put together.
public enum KBGeneratorApplication {
  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: "kb", migrations: [try Migration("m0001_briefs", PackageResources.m0001_briefs_sql)])
  }

  public static func build(
    _ settings: KBGeneratorConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    context.serve(
      KnowledgeServiceServer(KnowledgeService(store: try BriefStore(pool: context.pool), clock: context.clock)))
    return []
  }
}
