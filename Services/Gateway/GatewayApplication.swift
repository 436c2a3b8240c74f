import Configuration
import Core
import HTTP
import Lifecycle
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// Settings of the gateway, read once.
public struct GatewayConfiguration: Sendable {
  let listen: String
  let key: Secret?
  let executor: [String]
  let dialer: [String]
  let tracker: [String]
  let followUp: [String]

  public init(_ reader: inout ConfigurationReader) {
    listen = reader.url(
      "RINGMASTER_GATEWAY_LISTEN", schemes: ["http"], default: "http://127.0.0.1:8080",
      help: "Where the REST API is served.")
    key = reader.optionalSecret(
      "RINGMASTER_API_KEY", help: "An API key that is let in from the start, for the standard tenant.")
    executor = reader.endpoints(of: "campaign-executor")
    dialer = reader.endpoints(of: "auto-dialer")
    tracker = reader.endpoints(of: "outcome-tracker")
    followUp = reader.endpoints(of: "follow-up")
  }
}

/// The gateway, put together.
public enum GatewayApplication {
  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: "gateway", migrations: [try Migration("m0001_api_keys", PackageResources.m0001_api_keys_sql)])
  }

  public static func build(
    _ settings: GatewayConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let keys = try KeyStore(pool: context.pool)
    if let key = settings.key {
      try await keys.admit(key.value, name: "default", tenant: .standard, now: context.clock.now())
    }
    let dialer = try context.client(settings.dialer)
    let executor = try context.client(settings.executor)
    let rest = RESTContext(
      keys: keys, campaigns: CampaignServiceClient(executor),
      outcomes: OutcomeServiceClient(try context.client(settings.tracker)),
      dialer: DialerServiceClient(dialer),
      followUp: FollowUpServiceClient(try context.client(settings.followUp)),
      webhooks: WebhookServiceClient(executor), notifications: NotificationServiceClient(executor))
    var router = Router()
    CampaignRoutes(context: rest).add(to: &router)
    LeadRoutes(context: rest).add(to: &router)
    CallRoutes(context: rest).add(to: &router)
    DoNotCallRoutes(context: rest, lists: DoNotCallServiceClient(dialer)).add(to: &router)
    LimitRoutes(context: rest, limits: LimitServiceClient(dialer)).add(to: &router)
    CallerIDRoutes(context: rest, callerIDs: CallerIdServiceClient(dialer)).add(to: &router)
    CampaignHistoryRoutes(context: rest).add(to: &router)
    WebhookRoutes(context: rest).add(to: &router)
    InsightRoutes(context: rest, insight: InsightServiceClient(dialer)).add(to: &router)
    SchedulingRoutes(context: rest, scheduling: SchedulingServiceClient(dialer)).add(to: &router)
    ForecastRoutes(context: rest, forecasts: ForecastServiceClient(dialer)).add(to: &router)
    let server = HTTPServer(
      name: "gateway", address: settings.listen, router: router, logger: context.logger, metrics: context.metrics,
      tracer: context.tracer)
    try server.listen()
    return [server]
  }
}
