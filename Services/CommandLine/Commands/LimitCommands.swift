import JSON

/// `ringmaster limits …`: what caps how many calls are made.
struct LimitCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  func run() async throws {
    switch try arguments.position(0, "what to do with limits") {
    case "show": show(try await gateway.get("/api/limits"))
    case "set": show(try await set("/api/limits", ["maxCallsPerDay", "maxConcurrentCalls", "timeZone"]))
    case "provider": show(provider: try await provider())
    case "budget":
      budget(try await gateway.get("/api/campaigns/\(try arguments.position(1, "the campaign's id"))/budget"))
    case let other: throw Arguments.UsageError(description: "limits \(other) is not known; see ringmaster --help")
    }
  }

  /// Shows a provider's limits; sets those that were given first.
  private func provider() async throws -> JSONValue {
    let name = arguments.positions.count > 1 ? arguments.positions[1] : "twilio"
    let path = "/api/limits/providers/\(name)"
    let fields = ["maxConcurrentCalls", "maxCallsPerMinute", "inboundPercent"]
    let isChange = fields.contains { arguments.value(Self.option($0)) != nil }
    return isChange ? try await set(path, fields) : try await gateway.get(path)
  }

  /// Changes the fields that options were given for and leaves the others as they are.
  private func set(_ path: String, _ fields: [String]) async throws -> JSONValue {
    let known = try await gateway.get(path)
    var body = JSONObject()
    for field in fields {
      guard let text = arguments.value(Self.option(field)) else {
        body[field] = known[field]
        continue
      }
      if field == "timeZone" {
        body[field] = .string(text)
      } else if let number = Int(text) {
        body[field] = JSONValue(number)
      } else {
        throw Arguments.UsageError(description: "--\(Self.option(field)): \"\(text)\" is no whole number")
      }
    }
    return try await gateway.send(.put, path, body: JSONValue.object(body).serializedBytes())
  }

  /// "maxCallsPerDay" as an option: "max-calls-per-day".
  private static func option(_ field: String) -> String {
    field.reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
  }

  private func show(_ limits: JSONValue) {
    if terminal.asJSON { return terminal.json(limits) }
    terminal.line("calls a day:   \(limits.number("callsToday")) of \(most(limits, "maxCallsPerDay"))")
    terminal.line("calls at once: \(limits.number("callsInFlight")) of \(most(limits, "maxConcurrentCalls"))")
    terminal.line("the day is counted in \(limits.text("timeZone"))")
  }

  private func show(provider limits: JSONValue) {
    if terminal.asJSON { return terminal.json(limits) }
    let condition = limits["condition"] ?? .null
    terminal.line(
      "\(limits.text("provider")): \(condition.number("callsInFlight")) calls at once of "
        + "\(most(limits, "maxConcurrentCalls")), \(limits.number("inboundPercent")) % kept for inbound calls; "
        + "calls a minute: \(most(limits, "maxCallsPerMinute"))")
    if !condition.text("brokenUntil").isEmpty {
      terminal.line(
        "calls fail one after the other (\(condition.number("failures"))); tried again at "
          + condition.text("brokenUntil"))
    }
    if !condition.text("heldUntil").isEmpty {
      terminal.line("held back until \(condition.text("heldUntil")): \(condition.text("heldReason"))")
    }
  }

  private func budget(_ status: JSONValue) {
    if terminal.asJSON { return terminal.json(status) }
    let budget = status.number("budgetMicros")
    terminal.line(
      "spent \(dollars(status.number("spentMicros"))), reserved for calls in flight "
        + "\(dollars(status.number("reservedMicros"))), of \(budget == 0 ? "no limit" : dollars(budget)); a call is "
        + "reserved at \(dollars(status.number("expectedCallCostMicros")))")
  }

  private func most(_ limits: JSONValue, _ field: String) -> String {
    let value = limits.number(field)
    return value == 0 ? "any number" : String(value)
  }
}
