import HTTP
import JSON

/// `ringmaster webhooks …` and `ringmaster notifications`
struct WebhookCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  func run() async throws {
    switch try arguments.position(0, "what to do with webhooks") {
    case "list": try await list()
    case "create": try await create()
    case "show": terminal.json(try await gateway.get(try path()))
    case "messages": try await messages()
    case "replay": try await replay()
    case "delete":
      let answer = try await gateway.send(.delete, try path())
      if terminal.asJSON { terminal.json(answer) } else { terminal.line("deleted") }
    case let other: throw Arguments.UsageError(description: "webhooks \(other) is not known; see ringmaster --help")
    }
  }

  private func path() throws -> String { "/api/webhooks/\(try arguments.position(1, "the webhook's id"))" }

  private func list() async throws {
    let answer = try await gateway.get("/api/webhooks", query: pageQuery(arguments))
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("webhook", "url", "state", "last", "acknowledged", "attempts", "last error")
    for endpoint in answer["endpoints"]?.arrayValue ?? [] {
      table.add(
        endpoint.text("endpointId"), endpoint.text("url"), shortEnum(endpoint.text("state"), "WEBHOOK_STATE_"),
        String(endpoint.number("lastSequence")), String(endpoint.number("acknowledgedSequence")),
        String(endpoint.number("attempts")), endpoint.text("lastError"))
    }
    terminal.line(table.rows.isEmpty ? "There are no webhooks yet; create one." : table.render())
    more(answer, terminal)
  }

  private func create() async throws {
    guard let url = arguments.value("url") else {
      throw Arguments.UsageError(description: "--url https://… is missing: where messages are sent")
    }
    let kinds = (arguments.value("kinds") ?? "").split(separator: ",").map { JSONValue.string(String($0)) }
    let body: JSONValue = ["url": .string(url), "kinds": .array(kinds)]
    let answer = try await gateway.send(.post, "/api/webhooks", body: body.serializedBytes())
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("created \(answer["endpoint"]?.text("endpointId") ?? "")")
    terminal.line("secret, shown this once: \(answer.text("secret"))")
  }

  private func messages() async throws {
    let query = ["after", "limit"].compactMap { name in arguments.value(name).map { (name, $0) } }
    let answer = try await gateway.get("\(try path())/messages", query: query)
    if terminal.asJSON { return terminal.json(answer) }
    for message in answer["messages"]?.arrayValue ?? [] { terminal.line(message.text("body")) }
  }

  private func replay() async throws {
    guard let from = arguments.value("from").flatMap({ Int64($0) }) else {
      throw Arguments.UsageError(description: "--from N is missing: the sequence number of the first to be sent again")
    }
    let body: JSONValue = ["fromSequence": .integer(from)]
    let answer = try await gateway.send(.post, "\(try path())/replay", body: body.serializedBytes())
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("messages \(from) to \(answer.number("lastSequence")) are sent again")
  }

  func notifications() async throws {
    var query = pageQuery(arguments)
    if let campaign = arguments.positions.first { query.append(("campaign", campaign)) }
    let answer = try await gateway.get("/api/notifications", query: query)
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("when", "severity", "kind", "what")
    for notification in answer["notifications"]?.arrayValue ?? [] {
      table.add(
        notification.text("at"), shortEnum(notification.text("severity"), "NOTIFICATION_SEVERITY_"),
        notification.text("kind"), notification.text("text"))
    }
    terminal.line(table.rows.isEmpty ? "Nothing to tell." : table.render())
    more(answer, terminal)
  }
}
