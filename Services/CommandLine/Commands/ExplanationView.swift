import JSON

/// Why a lead is called or not, as lines of text.
struct ExplanationView: Sendable {
  let answer: JSONValue

  init(_ answer: JSONValue) { self.answer = answer }

  var lines: [String] {
    let verdict = shortEnum(answer.text("verdict"), "LEAD_VERDICT_")
    var lines = ["\(Self.words(verdict).uppercased())  \(answer.text("summary"))", ""]
    lines.append("as of       \(answer.time("at")) (\(shortEnum(answer.text("basis"), "EXPLANATION_BASIS_")))")
    lines.append(
      "campaign    \(shortEnum(answer.text("campaignState"), "CAMPAIGN_STATE_")), "
        + "policy version \(answer.number("policyVersion"))")
    if let limit = answer["limit"] { lines.append("limits      \(limit.text("detail"))") }
    if !answer.text("dueAt").isEmpty {
      let asked = answer["requested"] == true ? ", as somebody asked for" : ""
      lines.append("in queue    due at \(answer.time("dueAt"))\(asked)")
    }
    if !answer.text("nextAt").isEmpty { lines.append("next call   \(answer.time("nextAt"))") }
    lines += section("the lead", findings(answer))
    for number in answer["numbers"]?.arrayValue ?? [] { lines += section(title(of: number), findings(number)) }
    lines += attempts
    let notes = answer["notes"]?.arrayValue ?? []
    if !notes.isEmpty { lines += [""] + notes.map { "note: \($0.stringValue ?? "")" } }
    return lines
  }

  private func section(_ title: String, _ body: [String]) -> [String] { body.isEmpty ? [] : ["", title] + body }

  private func title(of number: JSONValue) -> String {
    let verdict = Self.words(shortEnum(number.text("verdict"), "LEAD_VERDICT_"))
    let until = number.text("until").isEmpty ? "" : " until \(number.time("until"))"
    let zones = (number["zones"]?.arrayValue ?? []).compactMap(\.stringValue)
    let place = zones.count > 4 ? "one of \(zones.count) zones" : zones.joined(separator: ", ")
    return "number \(number.number("index") + 1)  \(number.text("phone"))  \(verdict)\(until)  \(place)"
  }

  private func findings(_ value: JSONValue) -> [String] {
    (value["findings"]?.arrayValue ?? []).map { finding in
      let passed = finding["passed"] == true
      let rule = finding.text("rule")
      let padding = String(repeating: " ", count: max(1, 13 - rule.count))
      let until = !passed && !finding.text("until").isEmpty ? "; until \(finding.time("until"))" : ""
      return "  \(passed ? "✓" : "✗") \(rule)\(padding)\(finding.text("detail"))\(until)"
    }
  }

  private var attempts: [String] {
    var lines: [String] = []
    for attempt in answer["attempts"]?.arrayValue ?? [] {
      guard let permit = attempt["permit"] else { continue }
      let outcome = shortEnum(attempt.text("outcome"), "CALL_OUTCOME_")
      lines += [
        "",
        "attempt \(permit.number("attemptNumber"))  \(permit.time("grantedAt"))  to \(permit.text("to"))  "
          + "\(shortEnum(attempt.text("state"), "ATTEMPT_STATE_"))\(outcome.isEmpty ? "" : ": \(outcome)")",
        "  permitted by policy version \(permit.number("policyVersion")), call \(permit.text("callId"))",
      ]
      lines += (permit["evidence"]?.arrayValue ?? []).map { "  · \($0.stringValue ?? "")" }
    }
    return lines
  }

  private static func words(_ verdict: String) -> String {
    switch verdict {
    case "dial": "would be dialed"
    case "wait": "waits"
    case "in_flight": "in flight"
    case "unknown_then": "not in the campaign yet"
    default: verdict
    }
  }
}

/// Why a campaign dials or not, as lines of text.
struct CampaignExplanationView: Sendable {
  let answer: JSONValue

  init(_ answer: JSONValue) { self.answer = answer }

  var lines: [String] {
    var lines = [
      answer.text("summary"), "",
      "as of     \(answer.time("at"))",
      "campaign  \(shortEnum(answer.text("state"), "CAMPAIGN_STATE_")), policy version \(answer.number("policyVersion"))",
    ]
    if !answer.text("startsAt").isEmpty { lines.append("starts    \(answer.time("startsAt"))") }
    if !answer.text("endsAt").isEmpty { lines.append("ends      \(answer.time("endsAt"))") }
    if let limit = answer["limit"] { lines.append("limits    \(limit.text("detail"))") }
    lines.append(
      "leads     \(answer.number("leads")): \(answer.number("waiting")) wait (\(answer.number("due")) of them due), "
        + "\(answer.number("inFlight")) in flight, \(done) done")
    if !answer.text("nextDueAt").isEmpty { lines.append("next due  \(answer.time("nextDueAt"))") }
    lines += counts("dueReasons", title: dueTitle) + waits + counts("done", title: "done, by reason")
    return lines
  }

  private var done: Int64 { (answer["done"]?.arrayValue ?? []).reduce(0) { $0 + $1.number("leads") } }

  private var dueTitle: String {
    let (examined, due) = (answer.number("dueExamined"), answer.number("due"))
    return "what the rules say of the \(examined < due ? "first \(examined)" : "\(examined)") whose time has come"
  }

  private func counts(_ name: String, title: String) -> [String] {
    let rows = answer[name]?.arrayValue ?? []
    guard !rows.isEmpty else { return [] }
    var table = TextTable("reason", "leads")
    for row in rows { table.add(row.text("reason"), String(row.number("leads"))) }
    return ["", title, table.render()]
  }

  private var waits: [String] {
    let rows = answer["waits"]?.arrayValue ?? []
    guard !rows.isEmpty else { return [] }
    var table = TextTable("comes due from", "leads", "that wait for")
    for row in rows {
      let kind =
        switch row.text("kind") {
        case "window": "their hours, never called yet"
        case "retry": "their retry"
        case "requested": "the time somebody asked for"
        case let other: other
        }
      table.add(row.text("opensAt"), String(row.number("leads")), kind)
    }
    return ["", "the others, by the hour in which they come due", table.render()]
  }
}
