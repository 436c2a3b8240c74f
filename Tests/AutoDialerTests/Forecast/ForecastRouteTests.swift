import Core
import HTTP
import JSON
import Metrics
import Postgres
import RPC
import RingmasterMessages
import RingmasterServices
import Testing
import Wire

@testable import AutoDialer
@testable import CommandLine
@testable import Gateway

@Suite struct ForecastRouteTests {
  private func with(_ body: @escaping @Sendable (RouteWorld) async throws -> Void) async throws {
    try await RouteWorld.with(
      maxConcurrentCalls: 2, leads: 300,
      services: { store in
        (
          [
            ForecastServiceServer(
              ForecastRPC(store: store, clock: ManualClock(Dialers.monday), metrics: MetricsRegistry()))
          ], []
        )
      },
      routes: { context, client, router in
        ForecastRoutes(context: context, forecasts: ForecastServiceClient(client)).add(to: &router)
      }, body)
  }

  private func command(_ words: String..., gateway: GatewayClient) throws -> ForecastCommand {
    ForecastCommand(
      gateway: gateway, terminal: Terminal(asJSON: false),
      arguments: try Arguments(words, options: ForecastCommand.options.union(["file", "from"]), flags: []))
  }

  @Test func aForecastReadsLikeATable() async throws {
    try await with { world in
      let command = try command(
        "forecast", "x", "--answer-rate", "40%", "--talk", "120", "--cost", "0.1", "--seed", "3", "--finish-by",
        "2026-03-03", gateway: world.gateway)
      let answer = try await world.gateway.send(.post, world.forecast, body: try command.request().serializedBytes())
      #expect(answer.number("leads") == 300 && answer.number("calls") >= 300)
      #expect(answer["basis"]?.text("source") == "FORECAST_SOURCE_DEFAULT")
      #expect(answer["finish"]?["possible"] == true)
      let lines = ForecastView(answer).lines
      let text = lines.joined(separator: "\n")
      #expect(lines[0].hasPrefix("done by 2026-03-"), "\(text)")
      #expect(text.contains("40 % answered"), "\(text)")
      #expect(text.contains("given: answered_rate, talk, cost_per_call_micros"), "\(text)")
      #expect(text.contains("2026-03-02") && text.contains("concurrency"), "\(text)")
      #expect(lines.contains { $0.hasPrefix("finish    ") && $0.contains(" at once finish") }, "\(text)")
    }
  }

  @Test func aQueryAsksTheSameAsABody() async throws {
    try await with { world in
      let query = [("answered_rate", "0.3"), ("ring_seconds", "20"), ("cost_per_call_micros", "90000"), ("seed", "7")]
      let asked = try await world.gateway.get(world.forecast, query: query)
      let body = #"""
        {"assumptions": {"answeredRate": {"value": 0.3}, "ring": "20s", "costPerCallMicros": {"value": "90000"}}, "seed": "7"}
        """#
      let sent = try await world.gateway.send(.post, world.forecast, body: Array(body.utf8))
      #expect(asked == sent && asked.number("calls") > 0)
      let other = try await world.gateway.get(world.forecast, query: query.dropLast() + [("seed", "8")])
      #expect(other != sent)
    }
  }

  @Test func aPolicyThatIsOnlyThoughtOfIsForetold() async throws {
    try await with { world in
      var policy = world.campaign.policy
      policy.maxCallsPerDay = 30
      let body: JSONValue = ["policy": policy.json]
      let answer = try await world.gateway.send(.post, world.forecast, body: body.serializedBytes())
      #expect(answer["days"]?.arrayValue?.first?.number("calls") == 30)
      #expect(answer["days"]?.arrayValue?.first?.text("constraint") == "calls_per_day")
      #expect(try await world.gateway.get(world.forecast)["days"]?.arrayValue?.first?.number("calls") ?? 0 > 30)
    }
  }

  @Test func whatCannotBeAskedIsAnsweredWithWhatToDo() async throws {
    try await with { world in
      func refused(_ query: [(String, String)], says: String) async {
        let failure = await #expect(throws: CommandFailure.self) {
          try await world.gateway.get(world.forecast, query: query)
        }
        #expect(failure?.description.contains(says) == true, "\(failure?.description ?? "")")
      }
      await refused([("answered_rate", "30")], says: "assumptions.answered_rate: 30.0 is no share")
      await refused([("answered_rate", "much")], says: "answered_rate: \"much\" is no number")
      await refused([("answered_rate", "0.8"), ("voicemail_rate", "0.3")], says: "more than 1")
      await refused([("days", "500")], says: "days: 500 is outside 1 to 400")
      await refused([("finish_by", "2026-03-01T00:00:00Z")], says: "is not after the start")
      let failure = await #expect(throws: CommandFailure.self) {
        try await world.gateway.get("/api/campaigns/\(CampaignID.random())/forecast")
      }
      #expect(failure?.description.contains("knows no campaign") == true)
      for (option, value) in [("--answer-rate", "30"), ("--finish-by", "tomorrow"), ("--days", "x"), ("--cost", "-1")] {
        #expect(throws: Arguments.UsageError.self) {
          try self.command("forecast", "x", option, value, gateway: world.gateway).request()
        }
      }
    }
  }
}

extension RouteWorld {
  fileprivate var forecast: String { "\(path)/forecast" }
}
