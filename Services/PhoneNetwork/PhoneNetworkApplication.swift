import Core
import HTTP
import Lifecycle
import Logging
import Metrics

/// The embedded stand-in for the telephone network and the voice engine: one HTTP server that speaks Twilio's and
/// OpenAI's protocols, and the people behind the numbers.
public final class PhoneNetworkApplication: Sendable {
  /// In the order in which they start.
  public let services: [any LifecycleService]
  let server: HTTPServer
  let switchboard: Switchboard

  public init(
    _ configuration: PhoneNetworkConfiguration, clock: any BusinessClock, logger: Logger, metrics: MetricsRegistry
  ) {
    let client = HTTPClient()
    let latency = RelayLatency(metrics)
    let pacer = Pacer(clock: clock, latency: latency)
    let sids = SidSource()
    let mischief = Mischief(seed: configuration.seed, configuration.misbehavior)
    let network = CallNetwork(
      account: configuration.account, clock: clock, pacer: pacer, latency: latency,
      webhooks: WebhookSender(client: client, token: configuration.account.token, logger: logger, metrics: metrics),
      mischief: mischief, logger: logger, metrics: CallMetrics(metrics), sids: sids)
    switchboard = Switchboard(network: network, seed: configuration.seed, population: configuration.population)
    var router = Router()
    let calls = TwilioAPI(switchboard: switchboard)
    calls.register(on: &router)
    TwilioNumbersAPI(
      api: calls, inventory: NumberInventory(seed: configuration.seed, sids: sids), clock: clock
    ).register(on: &router)
    TruthAPI(switchboard: switchboard).register(on: &router)
    if let key = configuration.washKey { WashAPI(seed: configuration.seed, key: key).register(on: &router) }
    RealtimeEndpoint(
      clock: clock, pacer: pacer, key: configuration.openAIKey, latency: latency, sids: sids, mischief: mischief,
      sessions: metrics.gauge("phone_network_engine_sessions", "Voice engine sessions that are open")
    ).register(on: &router)
    server = HTTPServer(
      name: "phone-network", address: configuration.listen, router: router, logger: logger, metrics: metrics)
    services = [client, pacer, switchboard, server]
  }

  /// Binds the address, so that callers can connect as soon as this returns.
  public func listen() throws { try server.listen() }

  /// The port bound.
  public var port: Int { server.port }
}
