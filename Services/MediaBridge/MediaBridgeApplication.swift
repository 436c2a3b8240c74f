import Core
import EventLog
import HTTP
import Lifecycle
import Logging
import Metrics
import Postgres
import RPC
import RingmasterServices
import ServiceRuntime

/// The bridge put together: what it runs and what it serves.
public struct MediaBridgeApplication: Sendable {
  static let schemaName = "media"

  /// In start order. They drain in reverse: first no more calls are taken up, then those that are held may end, and only
  /// then do callbacks find no one here.
  let services: [any LifecycleService]
  let control: CallControl
  let calls: LiveCalls
  let http: HTTPServer
  let tender: CallTender
  let watchdog: CallWatchdog
  let numbers: NumberRPC

  /// - Throws: `PostgresError` when a migration is misnamed.
  public static func schema() throws -> DatabaseSchema {
    DatabaseSchema(
      name: schemaName,
      migrations: EventLog.migrations + [
        try Migration("m0001_media", PackageResources.m0001_media_sql),
        try Migration("m0002_one_call_a_number", PackageResources.m0002_one_call_a_number_sql),
      ])
  }

  public static func build(
    _ configuration: MediaBridgeConfiguration, _ context: RuntimeContext
  ) async throws -> [any LifecycleService] {
    let log = EventLog(schema: schemaName)
    let application = try MediaBridgeApplication(
      configuration: configuration, pool: context.pool, events: log, clock: context.clock, logger: context.logger,
      metrics: context.metrics)
    try await application.watchdog.stayAlive()
    context.serve(MediaServiceServer(application.rpc))
    context.serve(NumberServiceServer(application.numbers))
    return [context.serveFeed(of: log)] + application.services
  }

  /// Binds the providers' address. Throws: when that is taken, or a query is not in its file.
  init(
    configuration: MediaBridgeConfiguration, pool: PostgresPool, events: EventLog, clock: any BusinessClock,
    logger: Logger, metrics registry: MetricsRegistry
  ) throws {
    let tasks = BackgroundTasks()
    let client = HTTPClient()
    let metrics = BridgeMetrics(registry)
    let store = try CallStore(pool: pool, events: events, instance: InstanceID.random())
    let addresses = configuration.addresses
    let twilio = TwilioProvider(settings: configuration.twilio, addresses: addresses, client: client, logger: logger)
    numbers = NumberRPC(providers: [twilio], defaults: configuration.numbers)
    control = CallControl(
      store: store, providers: [twilio], clock: clock, tasks: tasks.pool, metrics: metrics, logger: logger)
    calls = LiveCalls(
      control: control, engine: OpenAIRealtimeEngine(settings: configuration.openAI, logger: logger, metrics: registry),
      capacity: configuration.maxCalls, silenceLimit: configuration.silenceLimit, tasks: tasks.pool, logger: logger)
    var router = Router()
    TwilioRoutes(
      control: control, calls: calls,
      signature: TwilioSignature(authToken: configuration.twilio.authToken, sharedKey: configuration.sharedKey),
      addresses: addresses, accountID: configuration.twilio.accountID, logger: logger
    ).add(to: &router)
    http = HTTPServer(
      name: "provider-http", address: configuration.listen, router: router, limits: Self.limits, logger: logger,
      metrics: registry)
    tender = CallTender(control: control, calls: calls, settle: configuration.settle, logger: logger)
    watchdog = CallWatchdog(control: control, calls: calls, streamURL: addresses.streamURL, logger: logger)
    services = [client, tasks, watchdog, http, calls, tender]
    try http.listen()
  }

  /// The RPC surface.
  var rpc: MediaBridgeService { MediaBridgeService(control: control, calls: calls) }

  /// Provider messages are small; a stream's are a few hundred bytes.
  private static let limits: HTTPLimits = {
    var limits = HTTPLimits.standard
    limits.bodyBytes = TwilioRoutes.bodyLimit
    limits.webSocketMessageBytes = 64 * 1024
    return limits
  }()
}

/// Ends what the bridge does in the background, after everything that may start some of it has ended.
private final class BackgroundTasks: LifecycleService {
  let name = "background"
  let pool = TaskPool(name: "media-bridge")

  func run() async throws {
    await Signal().wait()
    pool.cancelAll()
    await pool.drain()
  }
}
