import JSON

/// How a campaign will run, as lines of text.
struct ForecastView: Sendable {
  let answer: JSONValue

  init(_ answer: JSONValue) { self.answer = answer }

  var lines: [String] {
    var lines = [answer.text("summary"), ""]
    lines.append("from      \(answer.time("from")), policy version \(answer.number("policyVersion"))")
    lines.append("leads     \(answer.number("leads")) wait or are in a call\(left)")
    lines.append(
      "calls     \(answer.number("calls")), a person answers \(answer.number("answered")); "
        + "\(answer.number("peakLines")) at once at most")
    lines.append("spend     \(dollars(answer.number("costMicros")))")
    lines += basis
    if let finish = answer["finish"] { lines.append("finish    \(finish.text("summary"))") }
    return lines + days + ends + never + notes
  }

  private var left: String {
    let open = answer.number("openLeads")
    return open > 0 ? "; \(open) are not done by then" : ""
  }

  private var basis: [String] {
    guard let basis = answer["basis"] else { return [] }
    let calls = basis.number("learnedFromCalls")
    let source =
      switch shortEnum(basis.text("source"), "FORECAST_SOURCE_") {
      case "campaign": "learned from \(calls) calls of this campaign"
      case "tenant": "learned from \(calls) calls of all campaigns"
      default: "nothing to learn from yet: common values"
      }
    let given = (basis["given"]?.arrayValue ?? []).compactMap(\.stringValue)
    return [
      "assumed   \(percent(basis, "answeredRate")) answered (\(percent(basis, "qualifiedRate")) of them qualified), "
        + "\(percent(basis, "voicemailRate")) voicemail, \(percent(basis, "noAnswerRate")) no answer, "
        + "\(percent(basis, "busyRate")) busy, \(percent(basis, "failedRate")) failed",
      "          \(seconds(basis, "ring")) ringing, \(seconds(basis, "talk")) talk, "
        + "\(dollars(basis.number("costPerCallMicros"))) a call",
      "          \(source)" + (given.isEmpty ? "" : "; given: \(given.joined(separator: ", "))"),
    ]
  }

  private func seconds(_ value: JSONValue, _ name: String) -> String {
    "\(Int((Double(value.text(name).dropLast()) ?? 0).rounded())) s"
  }

  private func percent(_ value: JSONValue, _ name: String) -> String {
    let tenths = Int(((Double(value.text(name)) ?? 0) * 1_000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }

  private var days: [String] {
    let rows = answer["days"]?.arrayValue ?? []
    guard !rows.isEmpty else { return [] }
    var table = TextTable("day", "calls", "answered", "leads done", "spend", "at once", "left due", "held back by")
    for day in rows {
      table.add(
        day.text("date"), String(day.number("calls")), String(day.number("answered")), String(day.number("finished")),
        dollars(day.number("costMicros")), String(day.number("peakLines")), String(day.number("overdue")),
        Self.constraint(day.text("constraint")))
    }
    return ["", table.render()]
  }

  /// The API's words as people say them.
  private static func constraint(_ word: String) -> String {
    switch word {
    case "": "–"
    case "window": "the leads' hours"
    case "nothing_due": "retries that are not due"
    default: word.split(separator: "_").joined(separator: " ")
    }
  }

  private var ends: [String] {
    let rows = answer["ends"]?.arrayValue ?? []
    guard !rows.isEmpty else { return [] }
    var table = TextTable("leads end by", "leads")
    for row in rows { table.add(row.text("reason"), String(row.number("leads"))) }
    return ["", table.render()]
  }

  private var never: [String] {
    let rows = answer["neverCalled"]?.arrayValue ?? []
    guard !rows.isEmpty else { return [] }
    var table = TextTable("never called, because", "leads", "for example")
    for row in rows {
      table.add(
        row.text("reason"), String(row.number("leads")), row["leadIds"]?.arrayValue?.first?.stringValue ?? "")
    }
    return ["", table.render()]
  }

  private var notes: [String] {
    let notes = answer["notes"]?.arrayValue ?? []
    return notes.isEmpty ? [] : [""] + notes.map { "note: \($0.stringValue ?? "")" }
  }
}
