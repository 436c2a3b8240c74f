/// What the session's instructions tell the agent: read from the lines that our prompts have, with defaults for all.
///
///     Agent name: Alex
///     Business: Northwind Services
///     Lead: Ada Abbott
///     Goal: Find out whether Ada has a need.
///     Open with: Hello, is this Ada? This is Alex, an AI assistant calling for Northwind Services.
///     Questions to ask:
///     - budget: What budget have you set aside for this?
struct AgentBrief: Hashable, Sendable {
  struct Question: Hashable, Sendable {
    /// Field of a qualification criterion.
    var key: String
    var text: String
  }

  var agentName = "Alex"
  var business = "our company"
  var lead = ""
  var goal = ""
  /// The first words; empty when the instructions leave them to the agent.
  var opening = ""
  var questions = AgentBrief.standardQuestions

  static let standardQuestions = [
    Question(key: "budget", text: "What budget have you set aside for this?"),
    Question(key: "timeline", text: "How soon are you looking to get started?"),
    Question(key: "decision_maker", text: "Are you the person who makes the decision on this?"),
    Question(key: "pain_points", text: "What is the biggest problem with the way you handle this today?"),
  ]

  /// More questions than this are not asked.
  private static let questionLimit = 12

  init(instructions: String) {
    var listed: [Question]?
    for line in instructions.split(separator: "\n", omittingEmptySubsequences: false) {
      if let text = AgentBrief.value(of: "agent name", in: line) { agentName = text }
      if let text = AgentBrief.value(of: "business", in: line) { business = text }
      if let text = AgentBrief.value(of: "lead", in: line) { lead = text }
      if let text = AgentBrief.value(of: "goal", in: line) { goal = text }
      if let text = AgentBrief.value(of: "open with", in: line) { opening = text }
      if line.lowercased().hasPrefix("questions to ask") {
        listed = []
        isListing = true
      } else if isListing, let question = AgentBrief.question(line) {
        listed?.append(question)
      } else {
        isListing = false
      }
    }
    if let listed, !listed.isEmpty { questions = Array(listed.prefix(AgentBrief.questionLimit)) }
  }

  /// Whether the lines read last belong to the list of questions.
  private var isListing = false

  /// What a `response.create` tells to say: the text in quotes, or after the first colon; nil when there is neither.
  static func wording(in directive: String) -> String? {
    for (open, close) in [("\"", "\""), ("“", "”"), ("«", "»")] {
      if let start = directive.firstRange(of: open),
        let end = directive[start.upperBound...].firstRange(of: close), end.lowerBound > start.upperBound
      {
        return String(directive[start.upperBound..<end.lowerBound])
      }
    }
    guard let colon = directive.firstRange(of: ": ") else { return nil }
    let text = directive[colon.upperBound...]
    return text.isEmpty ? nil : String(text)
  }

  private static func value(of label: String, in line: Substring) -> String? {
    guard line.utf8.count > label.utf8.count, line.lowercased().hasPrefix(label + ":") else { return nil }
    let value = line.dropFirst(label.count + 1).drop { $0 == " " }
    return value.isEmpty ? nil : String(value)
  }

  /// "- budget: What budget have you set aside?"; a line without a key is its own question.
  private static func question(_ line: Substring) -> Question? {
    guard line.hasPrefix("- ") else { return nil }
    let body = line.dropFirst(2)
    guard let colon = body.firstRange(of: ": "), !body[..<colon.lowerBound].contains(" ") else {
      return body.isEmpty ? nil : Question(key: String(body), text: String(body))
    }
    let text = body[colon.upperBound...]
    return text.isEmpty ? nil : Question(key: String(body[..<colon.lowerBound]), text: String(text))
  }
}
