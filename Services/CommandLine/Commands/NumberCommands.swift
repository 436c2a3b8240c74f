import JSON

/// `ringmaster numbers …`: the numbers that calls show.
struct NumberCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  /// What people decide, and the state that says so.
  private static let decisions = [
    "activate": "ACTIVE", "warm-up": "WARMING", "rest": "COOLING", "quarantine": "QUARANTINED", "retire": "RETIRED",
  ]

  func run() async throws {
    let verb = try arguments.position(0, "what to do with numbers")
    switch verb {
    case "list": try await list()
    case "show": show(try await gateway.get(path()))
    case "add": show(try await add())
    case "buy": try await buy()
    case "release": show(try await gateway.send(.delete, path()))
    default:
      guard let state = Self.decisions[verb] else {
        throw Arguments.UsageError(description: "numbers \(verb) is not known; see ringmaster --help")
      }
      let body: JSONValue = ["state": .string("CALLER_ID_STATE_\(state)")]
      show(try await gateway.send(.put, path(), body: body.serializedBytes()))
    }
  }

  private func path() throws -> String { "/api/caller-ids/\(try arguments.position(1, "the number (+15005550006)"))" }

  private func list() async throws {
    var query = pageQuery(arguments)
    if let tier = arguments.value("tier") { query.append(("tier", tier)) }
    let answer = try await gateway.get("/api/caller-ids", query: query)
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("number", "tier", "state", "today", "of", "answered", "short", "alarm")
    for number in answer["callerIds"]?.arrayValue ?? [] {
      let health = number["health"] ?? .null
      let most = number.number("callsTodayMost")
      table.add(
        number.text("number"), number.number("tier") == 0 ? "own" : String(number.number("tier")),
        shortEnum(number.text("state"), "CALLER_ID_STATE_"), String(number.number("callsToday")),
        most == 0 ? "any" : String(most), "\(health.number("answered"))/\(health.number("calls"))",
        String(health.number("shortCalls")), shortEnum(number.text("alarm"), "CALLER_ID_ALARM_"))
    }
    terminal.line(table.rows.isEmpty ? "No number fits." : table.render())
    more(answer, terminal)
  }

  private func add() async throws -> JSONValue {
    let body: JSONValue = [
      "number": .string(try arguments.position(1, "the number (+15005550006)")), "tier": JSONValue(try tier()),
      "timeZone": .string(arguments.value("time-zone") ?? ""), "isWarm": .bool(arguments.has("warm")),
    ]
    return try await gateway.send(.post, "/api/caller-ids", body: body.serializedBytes())
  }

  private func buy() async throws {
    let body: JSONValue = [
      "requestKey": .string(try arguments.position(1, "a name for the purchase; the same again continues it")),
      "tier": JSONValue(try tier()), "count": JSONValue(arguments.value("count").flatMap { Int($0) } ?? 0),
      "country": .string(arguments.value("country") ?? ""), "kind": .string(arguments.value("kind") ?? ""),
      "bundleId": .string(arguments.value("bundle") ?? ""), "timeZone": .string(arguments.value("time-zone") ?? ""),
    ]
    let answer = try await gateway.send(
      .post, "/api/caller-ids/provision", body: body.serializedBytes(), timeout: .seconds(150))
    if terminal.asJSON { return terminal.json(answer) }
    for number in answer["callerIds"]?.arrayValue ?? [] { show(number) }
    if !answer.text("shortfall").isEmpty { terminal.line("no more: \(answer.text("shortfall"))") }
  }

  private func tier() throws -> Int {
    guard let text = arguments.value("tier"), let tier = Int(text), (1...3).contains(tier) else {
      throw Arguments.UsageError(description: "--tier 1, 2 or 3 is needed")
    }
    return tier
  }

  private func show(_ number: JSONValue) {
    if terminal.asJSON { return terminal.json(number) }
    let most = number.number("callsTodayMost")
    let state = shortEnum(number.text("state"), "CALLER_ID_STATE_")
    terminal.line(
      "\(number.text("number")): \(state), \(number.number("callsToday")) of \(most == 0 ? "any number of" : String(most)) "
        + "calls today")
    if !number.text("restsUntil").isEmpty { terminal.line("rests until \(number.text("restsUntil"))") }
    if !number.text("alarmDetail").isEmpty {
      terminal.line("last alarm \(number.text("alarmAt")): \(number.text("alarmDetail"))")
    }
  }
}
