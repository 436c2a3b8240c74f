import Core
import HTTP
import Lifecycle
import Metrics
import Postgres
import RPC
import RingmasterServices
import TestSupport

@testable import AutoDialer
@testable import CommandLine
@testable import Gateway

/// From the command line's client through the gateway's HTTP and the dialer's RPC to Postgres.
struct RouteWorld: Sendable {
  var dialers: Dialers
  var campaign: DialStore.KnownCampaign
  var gateway: GatewayClient
  var path: String { "/api/campaigns/\(campaign.rules.campaign)" }
  func lead(_ number: Int) -> String { "\(path)/leads/\(Dialers.lead(number).leadId)" }

  /// - Parameters:
  ///   - leads: How many the campaign has.
  ///   - services: What the dialer serves, on its store, and what has to run for it.
  ///   - routes: What the gateway serves, by that.
  static func with(
    maxConcurrentCalls: Int32 = Dialers.policy.maxConcurrentCalls, leads: Int,
    services: (DialStore) -> (served: [any RPCService], running: [any LifecycleService]),
    routes: (RESTContext, RPCClient, inout Router) -> Void,
    _ body: @escaping @Sendable (RouteWorld) async throws -> Void
  ) async throws {
    let schema = try GatewayApplication.schema()
    try await Dialers.with(others: [schema]) { dialers in
      let services = services(dialers.store)
      let rpc = RPCServer(endpoints: ["ipc:///tmp/routes-\(UniqueID.random()).ipc"], services: services.served)
      try rpc.listen()
      let client = try RPCClient(endpoints: rpc.boundEndpoints)
      let pool = dialers.database.pool(schema: schema.name, role: schema.role)
      defer { pool.close() }
      let keys = try KeyStore(pool: pool)
      try await keys.admit("key", name: "test", tenant: dialers.tenant, now: Dialers.monday)
      let rest = RESTContext(
        keys: keys, campaigns: CampaignServiceClient(client), outcomes: OutcomeServiceClient(client),
        dialer: DialerServiceClient(client), followUp: FollowUpServiceClient(client),
        webhooks: WebhookServiceClient(client), notifications: NotificationServiceClient(client))
      var router = Router()
      routes(rest, client, &router)
      let server = HTTPServer(
        address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
      try server.listen()
      let http = HTTPClient()
      defer { http.close() }
      var policy = Dialers.policy
      policy.maxConcurrentCalls = maxConcurrentCalls
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<leads).map(Dialers.lead), to: campaign)
      let world = RouteWorld(
        dialers: dialers, campaign: campaign,
        gateway: GatewayClient(http: http, baseURL: "http://127.0.0.1:\(server.port)", key: "key"))
      try await running(services.running + [rpc, server]) { try await body(world) }
      await client.close()
    }
  }
}
