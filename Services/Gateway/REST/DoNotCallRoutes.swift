import Core
import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// `/api/do-not-call`: who must not be called, for the whole tenant or, with `?campaign=ID`, for one campaign. The
/// global list is not to be reached from here: auto-dialer refuses it to every API key.
struct DoNotCallRoutes: Sendable {
  let context: RESTContext
  let lists: DoNotCallServiceClient

  func add(to router: inout Router) {
    router.on(.post, "/api/do-not-call/import", bodyBytes: .max) { request in
      try await relayed { try await upload(request) }
    }
    router.on(.post, "/api/do-not-call") { request in try await relayed { try await add(request) } }
    router.on(.get, "/api/do-not-call") { request in try await relayed { try await list(request) } }
    router.on(.get, "/api/do-not-call/{number}") { request in try await relayed { try await check(request) } }
    router.on(.delete, "/api/do-not-call/{number}") { request in try await relayed { try await remove(request) } }
  }

  /// A CSV file of numbers: `?file=NAME&region=AU&reason=TEXT&source=wash`.
  private func upload(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    try request.requireMediaType("text/csv", "application/csv", "text/plain", "application/octet-stream")
    var opening = OpenDoNotCallImportRequest()
    (opening.scope, opening.campaignId) = try list(in: request)
    opening.fileName = request.query["file"] ?? "upload.csv"
    opening.reason = request.query["reason"] ?? ""
    opening.defaultRegion = request.query["region"] ?? ""
    switch request.query["source"] {
    case nil, "import": opening.source = .import
    case "wash": opening.source = .wash
    case let other?: throw HTTPError.badRequest("source: \"\(other)\" is not known; import and wash are")
    }
    let upload = DoNotCallUpload(
      lists: lists, opening: opening, options: context.options(caller, deadline: .seconds(60)))
    return .json(try await upload.run(request.body).json)
  }

  private func add(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    let addition = try await context.message(AddDoNotCallRequest.self, from: request)
    return .json(try await lists.addDoNotCall(addition, options: context.options(caller)).json, status: .created)
  }

  private func remove(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var removal = RemoveDoNotCallRequest()
    removal.number = request.parameter("number")
    removal.defaultRegion = request.query["region"] ?? ""
    (removal.scope, removal.campaignId) = try list(in: request)
    return .json(try await lists.removeDoNotCall(removal, options: context.options(caller)).json)
  }

  /// Whether a number may be called, now or `?at=2026-03-02T09:00:00Z`.
  private func check(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var question = CheckDoNotCallRequest()
    question.number = request.parameter("number")
    question.campaignId = request.query["campaign"] ?? ""
    question.defaultRegion = request.query["region"] ?? ""
    if let text = request.query["at"] {
      guard let at = Instant(rfc3339: text) else {
        throw HTTPError.badRequest("at: \"\(text)\" is no time; times look like 2026-03-02T09:00:00Z")
      }
      question.at = Timestamp(at)
    }
    return .json(try await lists.checkDoNotCall(question, options: context.options(caller)).json)
  }

  /// All of the tenant's entries, one campaign's with `?campaign=ID`, those that hold no more with `?removed=true`.
  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListDoNotCallRequest()
    (list.scope, list.campaignId) = try self.list(in: request)
    switch request.query["removed"] {
    case nil, "false": break
    case "true": list.includeRemoved = true
    case let other?: throw HTTPError.badRequest("removed: \"\(other)\" is neither true nor false")
    }
    list.page = try PageRequest(request)
    return .json(try await lists.listDoNotCall(list, options: context.options(caller)).json)
  }

  /// The list that a request is about.
  private func list(in request: HTTPRequest) throws -> (DoNotCallScope, String) {
    if let campaign = request.query["campaign"] { return (.campaign, campaign) }
    switch request.query["scope"] {
    case nil: return (.unspecified, "")
    case "tenant": return (.tenant, "")
    case "global": return (.global, "")
    case let other?: throw HTTPError.badRequest("scope: \"\(other)\" is not known; tenant and global are")
    }
  }
}
