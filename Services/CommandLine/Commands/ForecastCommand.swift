import Core
import JSON

/// `ringmaster campaigns forecast`
struct ForecastCommand: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  /// Options of the command line, and the fields of the request that they fill.
  static let shares = [
    ("answer-rate", "answeredRate"), ("voicemail-rate", "voicemailRate"), ("no-answer-rate", "noAnswerRate"),
    ("busy-rate", "busyRate"), ("failed-rate", "failedRate"), ("qualified-rate", "qualifiedRate"),
  ]
  static let options: Set<String> = Set(shares.map(\.0) + ["talk", "ring", "cost", "finish-by", "days", "seed"])

  func run() async throws {
    let campaign = try arguments.position(1, "the campaign's id")
    let answer = try await gateway.send(
      .post, "/api/campaigns/\(campaign)/forecast", body: try request().serializedBytes(), timeout: .seconds(150))
    if terminal.asJSON { return terminal.json(answer) }
    for line in ForecastView(answer).lines { terminal.line(line) }
  }

  func request() throws -> JSONValue {
    var body = JSONObject()
    var assumptions = JSONObject()
    for (option, field) in Self.shares {
      if let share = try share(option) { assumptions[field] = ["value": .number(share)] }
    }
    for name in ["talk", "ring"] {
      if let seconds = try number(name, of: "seconds, such as 90") { assumptions[name] = .string("\(seconds)s") }
    }
    if let dollars = try number("cost", of: "dollars, such as 0.09") {
      assumptions["costPerCallMicros"] = ["value": .string("\(Int64((dollars * 1_000_000).rounded()))")]
    }
    if !assumptions.isEmpty { body["assumptions"] = .object(assumptions) }
    if let end = try time("finish-by", alone: "23:59:59") { body["finishBy"] = .string(end) }
    if let start = try time("from", alone: "00:00:00") { body["from"] = .string(start) }
    if let days = try whole("days") { body["days"] = .integer(days) }
    if let seed = try whole("seed") { body["seed"] = .string("\(seed)") }
    if let file = arguments.value("file") { body["policy"] = try JSONValue.parse(FileReader.bytes(of: file)) }
    return .object(body)
  }

  /// "0.25" or "25%".
  private func share(_ option: String) throws -> Double? {
    guard let text = arguments.value(option) else { return nil }
    let isPercent = text.hasSuffix("%")
    guard let value = Double(isPercent ? String(text.dropLast()) : text) else {
      throw Arguments.UsageError(description: "--\(option): \"\(text)\" is no share; 25% or 0.25 is a quarter")
    }
    let share = isPercent ? value / 100 : value
    guard (0...1).contains(share) else {
      throw Arguments.UsageError(
        description: "--\(option): \(text) is no share of all calls; write 25% or 0.25 for a quarter")
    }
    return share
  }

  private func number(_ option: String, of what: String) throws -> Double? {
    guard let text = arguments.value(option) else { return nil }
    guard let value = Double(text), (0...3_600).contains(value) else {
      throw Arguments.UsageError(description: "--\(option): \"\(text)\" is no number of \(what)")
    }
    return value
  }

  private func whole(_ option: String) throws -> Int64? {
    guard let text = arguments.value(option) else { return nil }
    guard let value = Int64(text), value >= 0 else {
      throw Arguments.UsageError(description: "--\(option): \"\(text)\" is no whole number")
    }
    return value
  }

  /// - Parameter alone: The time of a day that is given without one, in UTC.
  private func time(_ option: String, alone: String) throws -> String? {
    guard let text = arguments.value(option) else { return nil }
    let time = CivilDate(text) == nil ? text : "\(text)T\(alone)Z"
    guard Instant(rfc3339: time) != nil else {
      throw Arguments.UsageError(
        description: "--\(option): \"\(text)\" is no time, such as 2026-03-02 or 2026-03-02T18:00:00Z")
    }
    return time
  }
}
