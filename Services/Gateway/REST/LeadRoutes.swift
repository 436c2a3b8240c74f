import CampaignTerms
import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// `/api/campaigns/{id}/leads`: leads, one by one and by upload.
struct LeadRoutes: Sendable {
  let context: RESTContext

  func add(to router: inout Router) {
    router.on(.post, "/api/campaigns/{id}/leads/upload", bodyBytes: .max) { request in
      try await relayed { try await upload(request) }
    }
    router.on(.post, "/api/campaigns/{id}/leads/add") { request in try await relayed { try await add(request) } }
    router.on(.get, "/api/campaigns/{id}/leads") { request in try await relayed { try await list(request) } }
    router.on(.get, "/api/campaigns/{id}/leads/{lead}") { request in try await relayed { try await get(request) } }
    router.on(.put, "/api/campaigns/{id}/leads/{lead}") { request in try await relayed { try await update(request) } }
    router.on(.get, "/api/campaigns/{id}/leads/{lead}/calls") { request in
      try await relayed { try await calls(request) }
    }
    router.on(.get, "/api/campaigns/{id}/leads/{lead}/actions") { request in
      try await relayed { try await actions(request) }
    }
  }

  private func upload(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    try request.requireMediaType("text/csv", "application/csv", "text/plain", "application/octet-stream")
    let upload = LeadUpload(
      campaigns: context.campaigns, campaign: request.parameter("id"), fileName: request.query["file"] ?? "upload.csv",
      options: context.options(caller, deadline: .seconds(60)))
    return .json(try await upload.run(request.body))
  }

  private func add(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var addition = AddLeadRequest()
    addition.campaignId = request.parameter("id")
    addition.lead = try await context.message(NewLead.self, from: request)
    addition.clientKey = request.headers["Idempotency-Key"] ?? ""
    let answer = try await context.campaigns.addLead(addition, options: context.options(caller))
    return .json(answer.json, status: answer.merged ? .ok : .created)
  }

  private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListLeadsRequest()
    list.campaignId = request.parameter("id")
    list.page = try PageRequest(request)
    list.outcome = try outcome(in: request)
    switch request.query["state"] {
    case nil: break
    case "open": list.state = .open
    case "done": list.state = .done
    case let other?: throw HTTPError.badRequest("state: \"\(other)\" is not known; open and done are")
    }
    return .json(try await context.campaigns.listLeads(list, options: context.options(caller)).json)
  }

  private func get(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = GetLeadRequest()
    wish.campaignId = request.parameter("id")
    wish.leadId = request.parameter("lead")
    return .json(try await context.campaigns.getLead(wish, options: context.options(caller)).json)
  }

  private func update(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var update = UpdateLeadRequest()
    update.campaignId = request.parameter("id")
    update.leadId = request.parameter("lead")
    update.lead = try await context.message(NewLead.self, from: request)
    return .json(try await context.campaigns.updateLead(update, options: context.options(caller)).json)
  }

  private func calls(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListCallsRequest()
    list.campaignId = request.parameter("id")
    list.leadId = request.parameter("lead")
    list.page = try PageRequest(request)
    return .json(try await context.outcomes.listCalls(list, options: context.options(caller)).json)
  }

  private func actions(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var list = ListPlannedActionsRequest()
    list.campaignId = request.parameter("id")
    list.leadId = request.parameter("lead")
    list.page = try PageRequest(request)
    return .json(try await context.followUp.listPlannedActions(list, options: context.options(caller)).json)
  }
}

/// The outcome that a list is limited to by `?outcome=no_answer`.
func outcome(in request: HTTPRequest) throws -> RingmasterMessages.CallOutcome {
  guard let text = request.query["outcome"] else { return .unspecified }
  guard let outcome = Telephony.CallOutcome(rawValue: text) else {
    let known = Telephony.CallOutcome.allCases.map(\.rawValue).joined(separator: ", ")
    throw HTTPError.badRequest("outcome: \"\(text)\" is not known; known are \(known)")
  }
  return outcome.wire
}
