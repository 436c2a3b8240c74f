import Core
import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/campaigns/{id}/forecast`: how a campaign will run. What a GET says in its query, a POST says in a body, and more:
/// a policy that is only thought of.
struct ForecastRoutes: Sendable {
  let context: RESTContext
  let forecasts: ForecastServiceClient

  /// A million leads take some seconds, a date to finish by several times that.
  private static let deadline = Duration.seconds(120)

  func add(to router: inout Router) {
    router.on(.get, "/api/campaigns/{id}/forecast") { request in
      try await relayed {
        let caller = try await context.caller(request)
        return try await answer(request, Self.asked(request), caller)
      }
    }
    router.on(.post, "/api/campaigns/{id}/forecast") { request in
      try await relayed {
        let caller = try await context.caller(request)
        return try await answer(request, try await context.message(ForecastRequest.self, from: request), caller)
      }
    }
  }

  private func answer(
    _ request: HTTPRequest, _ asked: ForecastRequest, _ caller: KeyHolder
  ) async throws -> HTTPResponse {
    var wish = asked
    wish.campaignId = request.parameter("id")
    return .json(try await forecasts.forecast(wish, options: context.options(caller, deadline: Self.deadline)).json)
  }

  private static func asked(_ request: HTTPRequest) throws -> ForecastRequest {
    var wish = ForecastRequest()
    wish.from = try RESTContext.instant("from", in: request).map(Timestamp.init)
    wish.finishBy = try RESTContext.instant("finish_by", in: request).map(Timestamp.init)
    wish.days = try RESTContext.integer("days", in: request) ?? 0
    wish.seed = UInt64(max(0, try RESTContext.integer("seed", in: request) ?? 0))
    var assumptions = ForecastAssumptions()
    assumptions.answeredRate = try share("answered_rate", request)
    assumptions.voicemailRate = try share("voicemail_rate", request)
    assumptions.noAnswerRate = try share("no_answer_rate", request)
    assumptions.busyRate = try share("busy_rate", request)
    assumptions.failedRate = try share("failed_rate", request)
    assumptions.qualifiedRate = try share("qualified_rate", request)
    assumptions.talk = try number("talk_seconds", request).map { ProtobufDuration(.seconds($0)) }
    assumptions.ring = try number("ring_seconds", request).map { ProtobufDuration(.seconds($0)) }
    if let micros = try RESTContext.integer("cost_per_call_micros", in: request) {
      assumptions.costPerCallMicros = Micros()
      assumptions.costPerCallMicros?.value = Int64(micros)
    }
    wish.assumptions = assumptions
    return wish
  }

  private static func share(_ name: String, _ request: HTTPRequest) throws -> Share? {
    guard let value = try number(name, request) else { return nil }
    var share = Share()
    share.value = value
    return share
  }

  private static func number(_ name: String, _ request: HTTPRequest) throws -> Double? {
    guard let text = request.query[name] else { return nil }
    guard let value = Double(text), value.isFinite, abs(value) < 1e6 else {
      throw HTTPError.badRequest("\(name): \"\(text)\" is no number, such as 0.25")
    }
    return value
  }
}
