import JSON

/// `ringmaster call …`: single calls that somebody asks for.
struct SchedulingCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  func run() async throws {
    switch try arguments.position(0, "what to do: now, at, cancel or list") {
    case "now": try await ask(campaign: 1, at: nil)
    case "at": try await ask(campaign: 2, at: try arguments.position(1, "the time (2026-03-02T15:00:00Z)"))
    case "cancel":
      let id = try arguments.position(1, "the scheduled call's id")
      let answer = try await gateway.send(.post, "/api/scheduled-calls/\(id)/cancel")
      if terminal.asJSON { return terminal.json(answer) }
      terminal.line("cancelled; the lead stands where it stood before")
    case "list": try await list()
    case let other: throw Arguments.UsageError(description: "call \(other) is not known; see ringmaster --help")
    }
  }

  private func ask(campaign index: Int, at time: String?) async throws {
    let campaign = try arguments.position(index, "the campaign's id")
    let lead = try arguments.position(index + 1, "the lead's id")
    var body = JSONObject()
    if let time { body["at"] = .string(time) }
    if let reason = arguments.value("reason") { body["reason"] = .string(reason) }
    if let end = arguments.value("not-after") { body["notAfter"] = .string(end) }
    let path = "/api/campaigns/\(campaign)/leads/\(lead)/\(time == nil ? "call-now" : "scheduled-calls")"
    let answer = try await gateway.send(.post, path, body: JSONValue.object(body).serializedBytes())
    if terminal.asJSON { return terminal.json(answer) }
    let why = answer.text("dueReason")
    terminal.line(
      "scheduled \(answer.text("scheduledCallId")): due at \(answer.time("dueAt"))\(why.isEmpty ? "" : " (\(why))"), "
        + "before \(answer.time("notAfter"))")
    if !answer.text("note").isEmpty { terminal.line("note: \(answer.text("note"))") }
  }

  private func list() async throws {
    let campaign = try arguments.position(1, "the campaign's id")
    let lead = arguments.value("lead").map { [("lead", $0)] } ?? []
    let answer = try await gateway.get("/api/campaigns/\(campaign)/scheduled-calls", query: pageQuery(arguments) + lead)
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("scheduled call", "lead", "due", "state", "call or why", "asked by")
    for call in answer["calls"]?.arrayValue ?? [] {
      table.add(
        call.text("scheduledCallId"), call.text("leadId"), call.time("dueAt"),
        shortEnum(call.text("state"), "SCHEDULED_CALL_STATE_"), call.text("callId") + call.text("stateReason"),
        call.text("actor"))
    }
    terminal.line(table.rows.isEmpty ? "No scheduled call fits." : table.render())
    more(answer, terminal)
  }
}
