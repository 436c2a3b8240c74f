import JSON

/// `ringmaster calls …` and `ringmaster transcript …`
struct CallCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  func run() async throws {
    switch try arguments.position(0, "what to do with calls") {
    case "list": try await list()
    case "show": try await show(try arguments.position(1, "the call's id"))
    case let other: throw Arguments.UsageError(description: "calls \(other) is not known; see ringmaster --help")
    }
  }

  private func list() async throws {
    let campaign = try arguments.position(1, "the campaign's id")
    let answer = try await gateway.get("/api/campaigns/\(campaign)/calls", query: pageQuery(arguments))
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("call", "ended", "to", "attempt", "outcome", "seconds", "score", "cost")
    for call in answer["calls"]?.arrayValue ?? [] {
      table.add(
        call.text("callId"), String(call.text("endedAt").prefix(19)), call.text("to"),
        String(call.number("attemptNumber")), shortEnum(call.text("outcome"), "CALL_OUTCOME_"),
        String(call.text("talkDuration").dropLast()), call["score"].map { String($0.number("score")) } ?? "",
        dollars(call.number("costMicros")))
    }
    terminal.line(table.rows.isEmpty ? "No call fits." : table.render())
    more(answer, terminal)
  }

  private func show(_ id: String) async throws {
    let call = try await gateway.get("/api/calls/\(id)")
    let attempt = try await gateway.get("/api/calls/\(id)/attempt")
    if terminal.asJSON { return terminal.json(["call": call, "attempt": attempt]) }
    terminal.line(
      "\(call.text("callId"))  \(call.text("from")) → \(call.text("to"))  attempt \(call.number("attemptNumber"))")
    terminal.line("outcome: \(shortEnum(call.text("outcome"), "CALL_OUTCOME_")), \(call.text("outcomeReason"))")
    terminal.line(
      "asked \(call.text("requestedAt")), answered \(call.text("answeredAt")), ended \(call.text("endedAt"))")
    for line in call["costs"]?.arrayValue ?? [] {
      terminal.line("cost: \(line.text("vendor")) \(dollars(line.number("costMicros"))) (\(line.text("basis")))")
    }
    if let score = call["score"] { show(score) }
    for line in attempt["permit"]?["evidence"]?.arrayValue ?? [] {
      terminal.line("permitted: \(line.stringValue ?? "")")
    }
  }

  private func show(_ score: JSONValue) {
    let verdict = score["qualified"] == true ? "qualified" : "not qualified"
    terminal.line("score: \(score.number("score")), \(verdict), next \(score.text("nextAction"))")
    for result in score["results"]?.arrayValue ?? [] {
      terminal.line("  \(result["met"] == true ? "✓" : "✗") \(result.text("explanation"))")
    }
    for field in score["fields"]?.arrayValue ?? [] {
      terminal.line("  \(field.text("field")) from \"\(field.text("quote"))\"")
    }
  }

  func transcript() async throws {
    let answer = try await gateway.get("/api/calls/\(try arguments.position(0, "the call's id"))/transcript")
    if terminal.asJSON { return terminal.json(answer) }
    for turn in answer["turns"]?.arrayValue ?? [] {
      let seconds = turn.number("startMilliseconds") / 1000
      let time = "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
      let speaker = turn.text("speaker") == "SPEAKER_AGENT" ? "agent " : "person"
      let interrupted = turn["interrupted"] == true ? " —" : ""
      terminal.line("\(time)  \(speaker)  \(turn.text("text"))\(interrupted)")
    }
  }
}
