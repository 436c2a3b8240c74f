import Configuration
import Core
import EventLog
import HTTP
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
      migrations: EventLog.migrations + [
        try Migration("m0001_campaigns", PackageResources.m0001_campaigns_sql),
        try Migration("m0002_leads", PackageResources.m0002_leads_sql),
        try Migration("m0003_notices", PackageResources.m0003_notices_sql),
        try Migration("m0004_analytics", PackageResources.m0004_analytics_sql),
        try Migration("m0005_lead_loading", PackageResources.m0005_lead_loading_sql),
        try Migration("m0006_lead_copy", PackageResources.m0006_lead_copy_sql),
      ])
  }

  public static func build(
    _ settings: CampaignExecutorConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let store = try CampaignStore(pool: context.pool, events: log)
    let webhooks = try WebhookStore(campaigns: store)
    // Receivers of webhooks live in real time, however fast campaigns run.
    let wallClock = ScaledClock()
    let http = HTTPClient(WebhookSender.httpOptions)
    let facts = ExecutorFacts(store: store, clock: context.clock, logger: context.logger)
    context.serve(CampaignServiceServer(CampaignRPC(store: store, clock: context.clock)))
    let webhookRPC = WebhookRPC(store: webhooks, wallClock: wallClock)
    context.serve(WebhookServiceServer(webhookRPC), NotificationServiceServer(webhookRPC))
    return [
      context.serveFeed(of: log), http,
      WebhookStore.queue(
        webhooks, from: log, schema: schemaName, wallClock: wallClock, logger: context.logger,
        metrics: context.metrics),
      WebhookSender(
        store: webhooks, http: http, wallClock: wallClock, clock: context.clock, logger: context.logger,
        metrics: context.metrics),
      UploadWarden(store: store, clock: context.clock, logger: context.logger).service,
      SequenceWorker(store: store, clock: context.clock, logger: context.logger).service,
      LeadCopier(store: store, clock: context.clock, logger: context.logger).service,
      try context.consume(settings.dialer, source: "auto-dialer", schema: schemaName, handler: facts.takeAttempts),
      try context.consume(
        settings.tracker, source: "outcome-tracker", schema: schemaName, handler: facts.takeOutcomes),
    ]
  }
}
