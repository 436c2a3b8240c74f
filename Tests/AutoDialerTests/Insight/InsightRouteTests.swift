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

@Suite struct InsightRouteTests {
  private func with(_ body: @escaping @Sendable (RouteWorld) async throws -> Void) async throws {
    let clock = ManualClock(Dialers.monday)
    try await RouteWorld.with(
      leads: 4,
      services: { store in
        let calls = ScheduledCalls(store: store, clock: clock)
        return (
          [
            InsightServiceServer(InsightRPC(store: store, clock: clock)),
            SchedulingServiceServer(SchedulingRPC(store: store, calls: calls, clock: clock)),
          ], [calls]
        )
      },
      routes: { context, client, router in
        InsightRoutes(context: context, insight: InsightServiceClient(client)).add(to: &router)
        SchedulingRoutes(context: context, scheduling: SchedulingServiceClient(client)).add(to: &router)
      }, body)
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

  @Test func withoutAKeyNothingIsAskedAndTheWayToGiveOneIsNamed() async throws {
    try await with { world in
      var keyless = world.gateway
      keyless.key = ""
      let gateway = keyless
      for ask in [{ _ = try await gateway.get(world.path) }, { try await gateway.stream(world.path) { _ in } }] {
        let failure = await #expect(throws: CommandFailure.self) { try await ask() }
        #expect(failure?.exitCode == CommandFailure.usage)
        #expect(
          failure?.description.contains("RINGMASTER_API_KEY") == true && failure?.description.contains("--key") == true)
      }
    }
  }
}
