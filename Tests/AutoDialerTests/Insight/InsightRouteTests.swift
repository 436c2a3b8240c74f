import Core
import EventLog
import HTTP
import JSON
import Metrics
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Testing
import Verify
import Wire

@testable import AutoDialer
@testable import CommandLine
@testable import Gateway

/// From the command line's client through the gateway's HTTP and the dialer's RPC to Postgres.
@Suite struct InsightRouteTests {
  private struct World: Sendable {
    var dialers: Dialers
    var campaign: DialStore.KnownCampaign
    var gateway: GatewayClient
    var path: String { "/api/campaigns/\(campaign.rules.campaign)" }
    func lead(_ number: Int) -> String { "\(path)/leads/\(Dialers.lead(number).leadId)" }
  }

  private func with(_ body: @escaping @Sendable (World) async throws -> Void) async throws {
    let schema = try GatewayApplication.schema()
    try await Dialers.with(others: [schema]) { dialers in
      let clock = ManualClock(Dialers.monday)
      let calls = ScheduledCalls(store: dialers.store, clock: clock)
      let rpc = RPCServer(
        endpoints: ["ipc:///tmp/insight-\(UniqueID.random()).ipc"],
        services: [
          InsightServiceServer(InsightRPC(store: dialers.store, clock: clock)),
          SchedulingServiceServer(SchedulingRPC(store: dialers.store, calls: calls, clock: clock)),
        ])
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
      InsightRoutes(context: rest, insight: InsightServiceClient(client)).add(to: &router)
      SchedulingRoutes(context: rest, scheduling: SchedulingServiceClient(client)).add(to: &router)
      let server = HTTPServer(
        address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
      try server.listen()
      let http = HTTPClient()
      defer { http.close() }
      let gateway = GatewayClient(http: http, baseURL: "http://127.0.0.1:\(server.port)", key: "key")
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<4).map(Dialers.lead), to: campaign)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try? await rpc.run() }
        group.addTask { try? await calls.run() }
        group.addTask { try? await server.run() }
        try await body(World(dialers: dialers, campaign: campaign, gateway: gateway))
        group.cancelAll()
      }
      await client.close()
    }
  }

  @Test func aLeadAndItsCampaignAreExplainedForPeople() async throws {
    try await with { world in
      let answer = try await world.gateway.get(
        "\(world.lead(1))/explain", query: [("at", "2026-03-03T03:00:00Z")])
      let lines = ExplanationView(answer).lines
      #expect(
        lines.first
          == "WAITS  it waits (legal_hours); it may be called at 2026-03-03T14:00:00Z",
        "\(lines.joined(separator: "\n"))")
      #expect(lines.contains("next call   2026-03-03T14:00:00Z"))
      #expect(lines.contains { $0.hasPrefix("  ✗ hours") } && lines.contains { $0.hasPrefix("  ✓ consent") })
      let why = try await world.gateway.get("\(world.path)/explain")
      #expect(CampaignExplanationView(why).lines.first?.hasPrefix("it dials: 4 leads are due") == true)
      for (path, status) in [("\(world.path)x/explain", "no id"), ("\(world.lead(9))/explain", "no lead")] {
        let failure = await #expect(throws: CommandFailure.self) { try await world.gateway.get(path) }
        #expect(failure?.description.contains(status) == true, "\(failure?.description ?? "")")
      }
      let failure = await #expect(throws: CommandFailure.self) {
        try await world.gateway.get("\(world.lead(1))/explain", query: [("at", "tomorrow")])
      }
      #expect(failure?.description.contains("at: \"tomorrow\" is no time") == true)
    }
  }

  @Test func aCallIsAskedForListedAndCancelled() async throws {
    try await with { world in
      let body = Array(#"{"reason": "she asked", "at": "2026-03-03T03:00:00Z"}"#.utf8)
      let call = try await world.gateway.send(.post, "\(world.lead(1))/scheduled-calls", body: body)
      #expect(call.text("dueAt") == "2026-03-03T14:00:00Z" && call.text("dueReason") == "legal_hours")
      #expect(call.text("actor") == "api:test")
      let list = try await world.gateway.get("\(world.path)/scheduled-calls", query: [("state", "scheduled")])
      #expect(list["calls"]?.arrayValue?.map { $0.text("leadId") } == [Dialers.lead(1).leadId])
      let id = call.text("scheduledCallId")
      let cancelled = try await world.gateway.send(.post, "/api/scheduled-calls/\(id)/cancel")
      #expect(cancelled.text("state") == "SCHEDULED_CALL_STATE_CANCELLED")
      let now = try await world.gateway.send(.post, "\(world.lead(2))/call-now")
      #expect(now.text("dueAt") == Dialers.monday.rfc3339)
      let first = try await world.dialers.claim(world.campaign, most: 1)
      #expect(first.attempts.map(\.permit.leadId) == [Dialers.lead(2).leadId])
    }
  }

  @Test func anEditIsPreviewedAndAProofStreams() async throws {
    try await with { world in
      var policy = world.campaign.policy
      policy.requiredConsent = .express
      let preview = try await world.gateway.send(
        .post, "\(world.path)/preview", body: policy.json.serializedBytes())
      #expect(preview["counts"]?.arrayValue?.map { $0.text("change") } == ["PREVIEW_CHANGE_NEVER"])
      _ = try await world.dialers.claim(world.campaign)
      var bytes: [UInt8] = []
      try await world.gateway.stream("\(world.path)/proof") { bytes += $0 }
      var verifier = ProofVerifier()
      for line in bytes.split(separator: 0x0A) { verifier.take(line) }
      let report = verifier.finish()
      #expect(report.isClean && report.permits == 4, "\(report.findings)")
      let failure = await #expect(throws: CommandFailure.self) {
        try await world.gateway.stream("/api/campaigns/\(CampaignID.random())/proof") { _ in }
      }
      #expect(failure?.description.contains("knows no campaign") == true)
    }
  }
}
