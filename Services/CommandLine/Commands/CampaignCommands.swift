import HTTP
import JSON

/// `ringmaster campaigns …`
struct CampaignCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  func run() async throws {
    switch try arguments.position(0, "what to do with campaigns") {
    case "list": try await list()
    case "create": try await save(.post, "/api/campaigns", "created")
    case "update": try await save(.put, "/api/campaigns/\(try id())", "changed")
    case "show": try await show()
    case "start", "pause", "resume", "stop": try await change(arguments.positions[0])
    case "progress": try await progress()
    case "audit": try await audit()
    case "preview": try await InsightCommands(gateway: gateway, terminal: terminal, arguments: arguments).preview()
    case "forecast": try await ForecastCommand(gateway: gateway, terminal: terminal, arguments: arguments).run()
    case "delete":
      let answer = try await gateway.send(.delete, "/api/campaigns/\(try id())")
      if terminal.asJSON { terminal.json(answer) } else { terminal.line("deleted") }
    case let name where CampaignHistoryCommands.names.contains(name):
      try await CampaignHistoryCommands(gateway: gateway, terminal: terminal, arguments: arguments).run(name)
    case let other: throw Arguments.UsageError(description: "campaigns \(other) is not known; see ringmaster --help")
    }
  }

  private func id() throws -> String { try arguments.position(1, "the campaign's id") }

  private func list() async throws {
    let answer = try await gateway.get("/api/campaigns", query: pageQuery(arguments))
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("campaign", "name", "state", "created")
    for campaign in answer["campaigns"]?.arrayValue ?? [] {
      table.add(
        campaign.text("campaignId"), campaign["policy"]?.text("name") ?? "", Self.state(campaign),
        campaign.text("createdAt"))
    }
    terminal.line(table.rows.isEmpty ? "There are no campaigns yet; create one." : table.render())
    more(answer, terminal)
  }

  private func save(_ method: HTTPMethod, _ path: String, _ done: String) async throws {
    guard let file = arguments.value("file") else {
      throw Arguments.UsageError(description: "--file POLICY.json is missing; deploy/demo/campaign.json is an example")
    }
    let answer = try await gateway.send(method, path, body: try FileReader.bytes(of: file))
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("\(done) \(answer.text("campaignId")) \"\(answer["policy"]?.text("name") ?? "")\"")
  }

  private func show() async throws {
    let answer = try await gateway.get("/api/campaigns/\(try id())")
    terminal.json(answer)
  }

  private func change(_ verb: String) async throws {
    var body = JSONObject()
    if let reason = arguments.value("reason") { body["reason"] = .string(reason) }
    let answer = try await gateway.send(
      .post, "/api/campaigns/\(try id())/\(verb)", body: JSONValue.object(body).serializedBytes())
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("\(answer.text("campaignId")) is \(Self.state(answer)) now")
  }

  private func progress() async throws {
    let answer = try await gateway.get("/api/campaigns/\(try id())/progress")
    if terminal.asJSON { return terminal.json(answer) }
    for line in ProgressView(answer).lines { terminal.line(line) }
  }

  private func audit() async throws {
    let answer = try await gateway.get("/api/campaigns/\(try id())/audit")
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("when", "who", "from", "to", "why")
    for entry in answer["entries"]?.arrayValue ?? [] {
      table.add(
        entry.text("at"), entry.text("actor"), shortEnum(entry.text("from"), "CAMPAIGN_STATE_"),
        shortEnum(entry.text("to"), "CAMPAIGN_STATE_"), entry.text("reason"))
    }
    terminal.line(table.render())
  }

  static func state(_ campaign: JSONValue) -> String { shortEnum(campaign.text("state"), "CAMPAIGN_STATE_") }
}

/// "CAMPAIGN_STATE_ACTIVE" as people say it: "active".
func shortEnum(_ name: String, _ prefix: String) -> String {
  (name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name).lowercased()
}

/// `--limit` and `--cursor` as the API takes them.
func pageQuery(_ arguments: Arguments) -> [(String, String)] {
  ["limit", "cursor", "state", "outcome"].compactMap { name in arguments.value(name).map { (name, $0) } }
}

/// Says how to see more when an answer was one page of several.
func more(_ answer: JSONValue, _ terminal: Terminal) {
  if let cursor = answer["nextCursor"]?.stringValue, !cursor.isEmpty { terminal.line("more: --cursor \(cursor)") }
}

extension JSONValue {
  /// A member as text; empty when it is not there. Numbers that JSON carries as strings read the same.
  func text(_ name: String) -> String {
    switch self[name] {
    case .string(let text)?: text
    case .integer(let value)?: String(value)
    case .number(let value)?: String(value)
    case .bool(let value)?: value ? "yes" : "no"
    default: ""
    }
  }

  /// A time to the second; empty when it is not there.
  func time(_ name: String) -> String {
    let text = text(name)
    return text.firstIndex(of: ".").map { text[..<$0] + "Z" } ?? text
  }

  /// A duration ("21600s") as people say it: "6 h", "1 h 30 min", "45 s".
  func duration(_ name: String) -> String {
    guard let seconds = Double(text(name).dropLast()).map({ Int($0) }) else { return "" }
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60)
    if days > 0 { return hours == 0 ? "\(days) d" : "\(days) d \(hours) h" }
    if hours > 0 { return minutes == 0 ? "\(hours) h" : "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min" : "\(seconds) s"
  }

  func number(_ name: String) -> Int64 { Int64(text(name)) ?? 0 }
}
