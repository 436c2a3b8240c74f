import HTTP
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/caller-ids`: the numbers that calls show.
struct CallerIDRoutes: Sendable {
  let context: RESTContext
  let callerIDs: CallerIdServiceClient

  /// Buying numbers asks the provider several times for each.
  private static let provisioningDeadline = Duration.seconds(120)

  func add(to router: inout Router) {
    router.on(.get, "/api/caller-ids") { request in try await relayed { try await list(request) } }
    router.on(.post, "/api/caller-ids") { request in try await relayed { try await add(request) } }
    router.on(.post, "/api/caller-ids/provision") { request in try await relayed { try await provision(request) } }
    router.on(.get, "/api/caller-ids/{number}") { request in try await relayed { try await get(request) } }
    router.on(.put, "/api/caller-ids/{number}") { request in try await relayed { try await change(request) } }
    router.on(.delete, "/api/caller-ids/{number}") { request in try await relayed { try await release(request) } }
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListCallerIdsRequest()
    list.page = try PageRequest(request)
    list.tier = try RESTContext.integer("tier", in: request) ?? 0
    if let name = request.query["state"] {
      guard let state = CallerIdState(protoName: "CALLER_ID_STATE_" + name.uppercased()) else {
        throw HTTPError.badRequest(
          "state: \"\(name)\" is not known; warming, active, cooling, quarantined and retired are")
      }
      list.state = state
    }
    return .json(try await callerIDs.listCallerIds(list, options: context.options(caller)).json)
  }

  private func get(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetCallerIdRequest()
    wish.number = request.parameter("number")
    return .json(try await callerIDs.getCallerId(wish, options: context.options(caller)).json)
  }

  private func add(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    let addition = try await context.message(AddCallerIdRequest.self, from: request)
    return .json(try await callerIDs.addCallerId(addition, options: context.options(caller)).json, status: .created)
  }

  private func change(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var change = try await context.message(ChangeCallerIdRequest.self, from: request)
    change.number = request.parameter("number")
    return .json(try await callerIDs.changeCallerId(change, options: context.options(caller)).json)
  }

  private func provision(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var order = try await context.message(ProvisionCallerIdsRequest.self, from: request)
    if order.requestKey.isEmpty { order.requestKey = request.headers["Idempotency-Key"] ?? "" }
    let options = context.options(caller, deadline: Self.provisioningDeadline)
    return .json(try await callerIDs.provisionCallerIds(order, options: options).json)
  }

  private func release(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var release = ReleaseCallerIdRequest()
    release.number = request.parameter("number")
    return .json(
      try await callerIDs.releaseCallerId(release, options: context.options(caller, deadline: .seconds(30))).json)
  }
}
