import CampaignTerms
import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// Single calls that somebody asks for: `/api/campaigns/{id}/scheduled-calls` and `…/leads/{lead}/call-now`.
struct SchedulingRoutes: Sendable {
  let context: RESTContext
  let scheduling: SchedulingServiceClient

  func add(to router: inout Router) {
    router.on(.post, "/api/campaigns/{id}/leads/{lead}/call-now") { request in
      try await relayed { try await schedule(request, now: true) }
    }
    router.on(.post, "/api/campaigns/{id}/leads/{lead}/scheduled-calls") { request in
      try await relayed { try await schedule(request, now: false) }
    }
    router.on(.get, "/api/campaigns/{id}/scheduled-calls") { request in
      try await relayed { try await list(request) }
    }
    router.on(.post, "/api/scheduled-calls/{call}/cancel") { request in
      try await relayed { try await cancel(request) }
    }
  }

  /// The body is a ScheduleCallRequest without its ids. `Idempotency-Key` makes a repetition harmless.
  private func schedule(_ request: HTTPRequest, now: Bool) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = try await context.message(ScheduleCallRequest.self, from: request)
    wish.campaignId = request.parameter("id")
    wish.leadId = request.parameter("lead")
    var options = context.options(caller)
    options.idempotencyKey = request.headers["Idempotency-Key"].flatMap { $0.isEmpty ? nil : $0 }
    let call =
      now
      ? try await scheduling.callNow(wish, options: options) : try await scheduling.scheduleCall(wish, options: options)
    return .json(call.json, status: .created)
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListScheduledCallsRequest()
    list.campaignId = request.parameter("id")
    list.leadId = request.query["lead"] ?? ""
    list.page = try PageRequest(request)
    if let word = request.query["state"] {
      let states: [String: ScheduledCallState] = [
        "scheduled": .scheduled, "placed": .placed, "missed": .missed, "cancelled": .cancelled,
      ]
      guard let state = states[word] else {
        throw HTTPError.badRequest(
          "state: \"\(word)\" is not known; known are \(states.keys.sorted().joined(separator: ", "))")
      }
      list.state = state
    }
    return .json(try await scheduling.listScheduledCalls(list, options: context.options(caller)).json)
  }

  private func cancel(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = CancelScheduledCallRequest()
    wish.scheduledCallId = request.parameter("call")
    return .json(try await scheduling.cancelScheduledCall(wish, options: context.options(caller)).json)
  }
}
