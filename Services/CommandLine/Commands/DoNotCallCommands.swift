import Core
import HTTP
import JSON

/// `ringmaster do-not-call …`
struct DoNotCallCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  private static let path = "/api/do-not-call"
  private static let uploadTimeout = Duration.seconds(3600)
  private static let problemsShown = 25

  func run() async throws {
    switch try arguments.position(0, "what to do with do-not-call lists") {
    case "import": try await upload()
    case "add": try await add()
    case "remove": try await remove()
    case "check": try await check()
    case "list": try await list()
    case let other: throw Arguments.UsageError(description: "do-not-call \(other) is not known; see ringmaster --help")
    }
  }

  private func number() throws -> String { try arguments.position(1, "the number") }

  /// The options given, as a query.
  private func query(_ options: String...) -> [(String, String)] {
    options.compactMap { name in arguments.value(name).map { (name, $0) } }
  }

  private func upload() async throws {
    let path = try arguments.position(1, "the CSV file")
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let query = query("campaign", "region", "reason") + [("file", name)]
    let answer = try await gateway.send(
      .post, "\(Self.path)/import", query: arguments.has("washed") ? query + [("source", "wash")] : query,
      body: try FileReader.bytes(of: path), contentType: "text/csv", timeout: Self.uploadTimeout)
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line(
      "\(name): \(answer.number("rows")) rows, \(answer.number("added")) numbers added, "
        + "\(answer.number("known")) known already, \(answer.number("refused")) refused")
    for problem in (answer["problems"]?.arrayValue ?? []).prefix(Self.problemsShown) {
      terminal.line("  line \(problem.text("line")): \(problem.text("message"))")
    }
    let hidden = answer.number("refused") - Int64(Self.problemsShown)
    if hidden > 0 { terminal.line("  … and \(hidden) more; --json lists the first 1000") }
  }

  private func add() async throws {
    var entry = JSONObject([("number", .string(try number()))])
    if let campaign = arguments.value("campaign") {
      entry["scope"] = "DO_NOT_CALL_SCOPE_CAMPAIGN"
      entry["campaignId"] = .string(campaign)
    }
    if let reason = arguments.value("reason") { entry["reason"] = .string(reason) }
    if let region = arguments.value("region") { entry["defaultRegion"] = .string(region) }
    let answer = try await gateway.send(.post, Self.path, body: JSONValue.object(entry).serializedBytes())
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("\(answer.text("number")) is not called since \(answer.text("addedAt"))")
  }

  private func remove() async throws {
    let answer = try await gateway.send(
      .delete, "\(Self.path)/\(FormEncoding.percentEncode(try number()))", query: query("campaign", "region"))
    if terminal.asJSON { return terminal.json(answer) }
    terminal.line("\(answer.text("number")) is off the list")
  }

  private func check() async throws {
    let answer = try await gateway.get(
      "\(Self.path)/\(FormEncoding.percentEncode(try number()))", query: query("campaign", "region", "at"))
    if terminal.asJSON { return terminal.json(answer) }
    guard answer["forbidden"] == true, let entry = answer["entry"] else {
      return terminal.line("\(answer.text("number")) is on no list")
    }
    let scope = shortEnum(entry.text("scope"), "DO_NOT_CALL_SCOPE_")
    let source = shortEnum(entry.text("source"), "DO_NOT_CALL_SOURCE_")
    terminal.line(
      "\(answer.text("number")) must not be called: \(scope) list, \(source), since \(entry.text("addedAt"))")
    if !entry.text("reason").isEmpty { terminal.line("  \(entry.text("reason"))") }
  }

  private func list() async throws {
    var query = pageQuery(arguments) + query("campaign")
    if arguments.has("removed") { query.append(("removed", "true")) }
    let answer = try await gateway.get(Self.path, query: query)
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("number", "list", "source", "added", "removed", "reason")
    for entry in answer["entries"]?.arrayValue ?? [] {
      table.add(
        entry.text("number"), entry.text("campaignId").isEmpty ? "tenant" : entry.text("campaignId"),
        shortEnum(entry.text("source"), "DO_NOT_CALL_SOURCE_"), entry.text("addedAt"), entry.text("removedAt"),
        entry.text("reason"))
    }
    terminal.line(table.rows.isEmpty ? "The list is empty." : table.render())
    more(answer, terminal)
  }
}
