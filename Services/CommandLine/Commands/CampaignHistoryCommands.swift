import HTTP
import JSON

/// `ringmaster campaigns versions|compare|clone|recycle …`
struct CampaignHistoryCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  static let names: Set = ["versions", "compare", "clone", "recycle"]

  func run(_ name: String) async throws {
    let campaign = "/api/campaigns/\(try arguments.position(1, "the campaign's id"))"
    switch name {
    case "versions": try await versions("\(campaign)/versions")
    case "compare": try await compare("\(campaign)/versions/compare")
    case "clone": try await clone("\(campaign)/clone")
    default: try await recycle("\(campaign)/recycle")
    }
  }

  private func versions(_ path: String) async throws {
    let answer = try await gateway.get(path, query: pageQuery(arguments))
    if terminal.asJSON { return terminal.json(answer) }
    for version in answer["versions"]?.arrayValue ?? [] {
      terminal.line("version \(version.number("version"))  \(version.text("madeAt"))  \(version.text("actor"))")
      show(version["differences"])
    }
    more(answer, terminal)
  }

  private func compare(_ path: String) async throws {
    guard let from = arguments.value("from") else {
      throw Arguments.UsageError(description: "--from N is missing: the version to compare with")
    }
    var query = [("from", from)]
    if let to = arguments.value("to") { query.append(("to", to)) }
    let answer = try await gateway.get(path, query: query)
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("version \(answer.number("fromVersion")) → \(answer.number("toVersion"))")
    show(answer["differences"])
  }

  private func show(_ differences: JSONValue?) {
    for difference in differences?.arrayValue ?? [] {
      let (before, after) = (difference.text("before"), difference.text("after"))
      terminal.line("  \(difference.text("field")): \(before.isEmpty ? "—" : before) → \(after.isEmpty ? "—" : after)")
    }
  }

  private func clone(_ path: String) async throws {
    var body = JSONObject([("outcomes", outcomes())])
    if let name = arguments.value("name") { body["name"] = .string(name) }
    if arguments.has("open-leads") { body["openLeads"] = true }
    let answer = try await gateway.send(
      .post, path, body: JSONValue.object(body).serializedBytes(), timeout: .seconds(130))
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("created \(answer.text("campaignId")) \"\(answer["policy"]?.text("name") ?? "")\"")
  }

  private func recycle(_ path: String) async throws {
    let body: JSONValue = ["outcomes": outcomes()]
    let answer = try await gateway.send(.post, path, body: body.serializedBytes(), timeout: .seconds(130))
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line(
      "\(answer.number("recycled")) leads wait for another call; \(answer.number("exhausted")) were called often enough"
    )
  }

  /// `--outcomes no_answer,busy` as the API takes them.
  private func outcomes() -> JSONValue {
    .array(
      (arguments.value("outcomes") ?? "").split(separator: ",").map {
        .string("CALL_OUTCOME_" + $0.uppercased())
      })
  }
}
