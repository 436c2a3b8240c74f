import Core
import HTTP
import JSON

/// `ringmaster leads …`
struct LeadCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  private static let uploadTimeout = Duration.seconds(3600)
  private static let lookAgain = Duration.milliseconds(250)
  private static let problemsShown = 25

  func run() async throws {
    switch try arguments.position(0, "what to do with leads") {
    case "upload": try await upload()
    case "add": try await add()
    case "list": try await list()
    case "show": try await show()
    case let other: throw Arguments.UsageError(description: "leads \(other) is not known; see ringmaster --help")
    }
  }

  private func campaign() throws -> String { try arguments.position(1, "the campaign's id") }

  /// Sends a file and shows how many of its rows have become leads meanwhile.
  private func upload() async throws {
    let campaign = try campaign()
    let path = try arguments.position(2, "the CSV file")
    let bytes = try FileReader.bytes(of: path)
    let rows = max(1, bytes.count { $0 == 0x0A } - 1)
    let before = try await gateway.get("/api/campaigns/\(campaign)/progress").number("leads")
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let answer = try await withThrowingTaskGroup(of: JSONValue?.self) { group in
      group.addTask {
        try await gateway.send(
          .post, "/api/campaigns/\(campaign)/leads/upload", query: [("file", name)], body: bytes,
          contentType: "text/csv", timeout: Self.uploadTimeout)
      }
      group.addTask {
        while true {
          try await Task.sleep(for: Self.lookAgain)
          guard let progress = try? await gateway.get("/api/campaigns/\(campaign)/progress") else { continue }
          let share = Double(progress.number("leads") - before) / Double(rows)
          terminal.status("\(progressBar(share)) \(Int(min(share, 1) * 100)) % of \(rows) rows")
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let answer else { return }
    if terminal.asJSON { return terminal.json(answer) }
    terminal.status("\(progressBar(1)) 100 % of \(rows) rows")
    terminal.endStatus()
    report(answer, name: name)
  }

  private func report(_ answer: JSONValue, name: String) {
    terminal.line(
      "\(name): \(answer.number("rows")) rows, \(answer.number("added")) leads added, "
        + "\(answer.number("merged")) merged into others, \(answer.number("refused")) refused")
    let problems = answer["problems"]?.arrayValue ?? []
    for problem in problems.prefix(Self.problemsShown) {
      let kind = problem.text("kind") == "LEAD_PROBLEM_KIND_DUPLICATE" ? "merged " : "refused"
      terminal.line("  line \(problem.text("line")): \(kind) \(problem.text("field")): \(problem.text("message"))")
    }
    if problems.count > Self.problemsShown {
      terminal.line("  … and \(problems.count - Self.problemsShown) more; --json lists them all")
    }
  }

  private func add() async throws {
    guard let phone = arguments.value("phone") else { throw Arguments.UsageError(description: "--phone is missing") }
    var lead = JSONObject([("phone", .string(phone))])
    let fields = [("first-name", "firstName"), ("last-name", "lastName"), ("company", "company"), ("email", "email")]
    for (option, field) in fields { if let value = arguments.value(option) { lead[field] = .string(value) } }
    let answer = try await gateway.send(
      .post, "/api/campaigns/\(try campaign())/leads/add", body: JSONValue.object(lead).serializedBytes())
    if terminal.asJSON { return terminal.json(answer) }
    let merged = answer["merged"]?.boolValue ?? false
    terminal.line("\(merged ? "merged into" : "added") \(answer["lead"]?.text("leadId") ?? "")")
  }

  private func list() async throws {
    let answer = try await gateway.get("/api/campaigns/\(try campaign())/leads", query: pageQuery(arguments))
    if terminal.asJSON { return terminal.json(answer) }
    var table = TextTable("lead", "name", "phone", "state", "outcome", "calls", "score", "next call")
    for lead in answer["leads"]?.arrayValue ?? [] {
      table.add(
        lead.text("leadId"), "\(lead.text("firstName")) \(lead.text("lastName"))", lead.text("phone"),
        shortEnum(lead.text("state"), "LEAD_STATE_"), shortEnum(lead.text("outcome"), "CALL_OUTCOME_"),
        String(lead.number("attempts")), lead["scored"] == true ? String(lead.number("score")) : "",
        lead.text("nextAttemptAt"))
    }
    terminal.line(table.rows.isEmpty ? "No lead fits." : table.render())
    more(answer, terminal)
  }

  private func show() async throws {
    let path = "/api/campaigns/\(try campaign())/leads/\(try arguments.position(2, "the lead's id"))"
    let lead = try await gateway.get(path)
    let calls = try await gateway.get("\(path)/calls")
    let actions = try await gateway.get("\(path)/actions")
    terminal.json([
      "lead": lead, "calls": calls["calls"] ?? [], "plannedActions": actions["actions"] ?? [],
    ])
  }
}
