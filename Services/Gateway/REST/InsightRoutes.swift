import CampaignTerms
import Core
import HTTP
import RPC
import RingmasterMessages
import RingmasterServices
import Wire

/// Why leads are called when they are, what an edit would change, and the proof of what was done.
struct InsightRoutes: Sendable {
  let context: RESTContext
  let insight: InsightServiceClient

  /// A preview looks at up to 200,000 leads.
  private static let previewDeadline = Duration.seconds(60)
  private static let pageDeadline = Duration.seconds(30)

  func add(to router: inout Router) {
    router.on(.get, "/api/campaigns/{id}/leads/{lead}/explain") { request in
      try await relayed { try await explainLead(request) }
    }
    router.on(.get, "/api/campaigns/{id}/explain") { request in
      try await relayed { try await explainCampaign(request) }
    }
    router.on(.post, "/api/campaigns/{id}/preview") { request in try await relayed { try await preview(request) } }
    router.on(.get, "/api/campaigns/{id}/proof") { request in try await relayed { try await proof(request) } }
  }

  private func explainLead(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = ExplainLeadRequest()
    wish.campaignId = request.parameter("id")
    wish.leadId = request.parameter("lead")
    wish.at = try RESTContext.instant("at", in: request).map(Timestamp.init)
    return .json(try await insight.explainLead(wish, options: context.options(caller)).json)
  }

  private func explainCampaign(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = ExplainCampaignRequest()
    wish.campaignId = request.parameter("id")
    return .json(
      try await insight.explainCampaign(wish, options: context.options(caller, deadline: Self.pageDeadline)).json)
  }

  private func preview(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = PreviewPolicyRequest()
    wish.campaignId = request.parameter("id")
    wish.policy = try await context.message(CampaignPolicy.self, from: request)
    return .json(
      try await insight.previewPolicy(wish, options: context.options(caller, deadline: Self.previewDeadline)).json)
  }

  /// JSON lines, page by page as the reader takes them. A page that cannot be had breaks the connection, so that nobody
  /// takes a part for the whole; the trailer says the same.
  private func proof(_ request: HTTPRequest) async throws -> HTTPResponse {
    let caller = try await context.caller(request)
    var wish = ReadProofRequest()
    wish.campaignId = request.parameter("id")
    // Asked once before the stream begins, so that a wrong id is a plain 404.
    let first = try await insight.readProof(wish, options: context.options(caller))
    return .stream(contentType: "application/x-ndjson") { [wish] writer in
      var wish = wish
      var page = first
      while true {
        try await writer.write(page.lines.map { $0 + "\n" }.joined())
        if page.nextCursor.isEmpty { return }
        wish.cursor = page.nextCursor
        page = try await insight.readProof(wish, options: context.options(caller, deadline: Self.pageDeadline))
      }
    }
  }
}
