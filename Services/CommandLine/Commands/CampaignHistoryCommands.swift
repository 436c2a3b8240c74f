import HTTP
import JSON

/// `ringmaster campaigns analytics|versions|compare|clone|recycle …`
struct CampaignHistoryCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  static let names: Set = ["analytics", "versions", "compare", "clone", "recycle"]

  func run(_ name: String) async throws {
    let campaign = "/api/campaigns/\(try arguments.position(1, "the campaign's id"))"
    switch name {
    case "analytics": try await analytics("\(campaign)/analytics")
    case "versions": try await versions("\(campaign)/versions")
    case "compare": try await compare("\(campaign)/versions/compare")
    case "clone": try await clone("\(campaign)/clone")
    default: try await recycle("\(campaign)/recycle")
    }
  }

  private func analytics(_ path: String) async throws {
    let answer = try await gateway.get(path)
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line(
      "calls \(answer.number("calls")), answered \(Self.percent(answer["answerPercent"])), "
        + "a person spoke in \(Self.percent(answer["connectPercent"]))")
    terminal.line(
      "average talk \(answer.text("averageTalk")), cost a call \(dollars(answer.number("costPerCallMicros"))), "
        + "a qualified lead \(dollars(answer.number("costPerQualifiedMicros")))")
    var outcomes = TextTable("outcome", "calls", "share")
    for share in answer["outcomes"]?.arrayValue ?? [] {
      outcomes.add(
        shortEnum(share.text("outcome"), "CALL_OUTCOME_"), String(share.number("calls")), Self.percent(share["percent"])
      )
    }
    terminal.line(outcomes.render())
    var reached = TextTable("first spoken to on attempt", "leads")
    for reach in answer["reachedOn"]?.arrayValue ?? [] {
      reached.add(String(reach.number("attempt")), String(reach.number("leads")))
    }
    terminal.line(reached.render())
    var hours = TextTable("weekday", "hour", "calls", "answered")
    let days = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    for hour in answer["hours"]?.arrayValue ?? [] {
      let day = Int(hour.number("weekday"))
      hours.add(
        days.indices.contains(day) ? days[day] : "", String(hour.number("hour")), String(hour.number("calls")),
        String(hour.number("answered")))
    }
    terminal.line(hours.render())
  }

  private static func percent(_ value: JSONValue?) -> String {
    "\(Int(((value?.doubleValue ?? 0) * 10).rounded()) / 10) %"
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
    let copy = answer.text("campaignId")
    terminal.line("created \(copy) \"\(answer["policy"]?.text("name") ?? "")\"")
    while true {
      let progress = try await gateway.get("/api/campaigns/\(copy)/progress")
      guard progress["leadsComing"]?.boolValue == true else { break }
      terminal.line("\(progress.number("leads")) leads copied; more follow, also without this command")
      try await Task.sleep(for: .seconds(2))
    }
  }

  private func recycle(_ path: String) async throws {
    var body = JSONObject([("outcomes", outcomes())])
    var (recycled, exhausted): (Int64, Int64) = (0, 0)
    while true {
      let answer = try await gateway.send(
        .post, path, body: JSONValue.object(body).serializedBytes(), timeout: .seconds(130))
      recycled += answer.number("recycled")
      exhausted += answer.number("exhausted")
      let cursor = answer.text("nextCursor")
      guard !cursor.isEmpty else { break }
      body["cursor"] = .string(cursor)
      if !terminal.asJSON { terminal.line("\(recycled) leads wait for another call; going on") }
    }
    if terminal.asJSON {
      terminal.json(["recycled": .string("\(recycled)"), "exhausted": .string("\(exhausted)")])
    } else {
      terminal.line("\(recycled) leads wait for another call; \(exhausted) were called often enough")
    }
  }

  /// `--outcomes no_answer,busy` as the API takes them.
  private func outcomes() -> JSONValue {
    .array(
      (arguments.value("outcomes") ?? "").split(separator: ",").map {
        .string("CALL_OUTCOME_" + $0.uppercased())
      })
  }
}
