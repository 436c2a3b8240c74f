import JSON

/// `ringmaster explain`, `why`, `campaigns preview` and `proof`.
struct InsightCommands: Sendable {
  let gateway: GatewayClient
  let terminal: Terminal
  let arguments: Arguments

  func explain() async throws {
    let campaign = try arguments.position(0, "the campaign's id")
    let lead = try arguments.position(1, "the lead's id")
    let query = arguments.value("at").map { [("at", $0)] } ?? []
    let answer = try await gateway.get("/api/campaigns/\(campaign)/leads/\(lead)/explain", query: query)
    if terminal.asJSON { return terminal.json(answer) }
    for line in ExplanationView(answer).lines { terminal.line(line) }
  }

  func why() async throws {
    let campaign = try arguments.position(0, "the campaign's id")
    let answer = try await gateway.get("/api/campaigns/\(campaign)/explain")
    if terminal.asJSON { return terminal.json(answer) }
    for line in CampaignExplanationView(answer).lines { terminal.line(line) }
  }

  func preview() async throws {
    let campaign = try arguments.position(1, "the campaign's id")
    guard let file = arguments.value("file") else {
      throw Arguments.UsageError(description: "--file POLICY.json is missing: the policy as it would be")
    }
    let answer = try await gateway.send(
      .post, "/api/campaigns/\(campaign)/preview", body: try FileReader.bytes(of: file), timeout: .seconds(90))
    if terminal.asJSON { return terminal.json(answer) }
    let (examined, waiting) = (answer.number("examined"), answer.number("waiting"))
    let isSample = examined < waiting
    terminal.line(
      "\(waiting) leads wait by version \(answer.number("policyVersion"))"
        + (isSample ? "; the counts are of a sample of \(examined)" : ""))
    var table = TextTable("change", "leads", "median shift", "largest shift")
    for count in answer["counts"]?.arrayValue ?? [] {
      table.add(
        Self.change(count), String(count.number("leads")), count.duration("medianShift"), count.duration("largestShift")
      )
    }
    if !table.rows.isEmpty { terminal.line(table.render()) }
    var examples = TextTable("for example", "change", "before", "after")
    for lead in answer["examples"]?.arrayValue ?? [] {
      examples.add(
        lead.text("leadId"), Self.change(lead), Self.moment(lead, "before"),
        Self.moment(lead, "after"))
    }
    if !examples.rows.isEmpty { terminal.line("\n" + examples.render()) }
  }

  func proof() async throws {
    guard try arguments.position(0, "what to do with the proof") == "export" else {
      throw Arguments.UsageError(description: "proof \(arguments.positions[0]) is not known; proof export is")
    }
    let campaign = try arguments.position(1, "the campaign's id")
    try await gateway.stream("/api/campaigns/\(campaign)/proof") { terminal.raw($0) }
  }

  /// When a lead may be called, or why not.
  private static func moment(_ lead: JSONValue, _ side: String) -> String {
    [lead.time(side), lead.text("\(side)Reason")].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static func change(_ value: JSONValue) -> String {
    switch shortEnum(value.text("change"), "PREVIEW_CHANGE_") {
    case "none": "unchanged"
    case "never": "not callable any more"
    case "possible": "callable now"
    case let word: word
    }
  }
}
