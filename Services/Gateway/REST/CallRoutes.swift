import HTTP
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/campaigns/{id}/calls` and `/api/calls`: ended calls, their transcripts, sums over them.
struct CallRoutes: Sendable {
  let context: RESTContext

  func add(to router: inout Router) {
    router.on(.get, "/api/campaigns/{id}/calls") { request in try await relayed { try await list(request) } }
    router.on(.get, "/api/campaigns/{id}/statistics") { request in
      try await relayed { try await statistics(request) }
    }
    router.on(.get, "/api/calls/{call}") { request in try await relayed { try await get(request) } }
    router.on(.get, "/api/calls/{call}/transcript") { request in try await relayed { try await transcript(request) } }
    router.on(.get, "/api/calls/{call}/attempt") { request in try await relayed { try await attempt(request) } }
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListCallsRequest()
    list.campaignId = request.parameter("id")
    list.page = try PageRequest(request)
    list.outcome = try outcome(in: request)
    return .json(try await context.outcomes.listCalls(list, options: context.options(caller)).json)
  }

  private func statistics(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetStatisticsRequest()
    wish.campaignId = request.parameter("id")
    return .json(try await context.outcomes.getStatistics(wish, options: context.options(caller)).json)
  }

  private func get(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    return .json(try await context.outcomes.getCall(reference(request), options: context.options(caller)).json)
  }

  private func transcript(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    return .json(try await context.outcomes.getTranscript(reference(request), options: context.options(caller)).json)
  }

  /// The permit that a call was placed with, and its evidence.
  private func attempt(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetAttemptRequest()
    wish.callId = request.parameter("call")
    return .json(try await context.dialer.getAttempt(wish, options: context.options(caller)).json)
  }

  private func reference(_ request: HTTPRequest) -> CallReference {
    var reference = CallReference()
    reference.callId = request.parameter("call")
    return reference
  }
}
