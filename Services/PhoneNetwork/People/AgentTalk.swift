/// What a person makes of the agent's words: which question they were asked, or that the call is over.
enum AgentTalk: Hashable, Sendable {
  case question(Topic)
  /// A question about something else.
  case otherQuestion
  case goodbye
  case statement

  private static let keywords: [(Topic, [String])] = [
    (.budget, ["budget", "spend", "how much", "price range", "set aside", "invest"]),
    (.timeline, ["how soon", "when ", "timeline", "get started", "time frame", "timeframe", "how quickly"]),
    (.decisionMaker, ["decision", "decide", "sign off", "in charge", "who else", "approve"]),
    (
      .painPoints,
      ["problem", "challenge", "pain", "struggl", "frustrat", "difficult", "trouble", "what bothers", "improve"]
    ),
  ]

  init(_ text: String) {
    let sentences = AgentTalk.sentences(text.lowercased())
    if let question = sentences.last(where: { $0.hasSuffix("?") }) {
      let topic = AgentTalk.keywords.first { $0.1.contains { question.contains($0) } }?.0
      self = topic.map { .question($0) } ?? .otherQuestion
    } else if sentences.contains(where: { $0.contains("goodbye") || $0.contains("bye") || $0.contains("good day") }) {
      self = .goodbye
    } else {
      self = .statement
    }
  }

  /// Pieces that end in ".", "?" or "!", and what is left.
  static func sentences(_ text: String) -> [String] {
    var sentences: [String] = []
    var sentence = ""
    for word in text.split(separator: " ") {
      sentence += sentence.isEmpty ? String(word) : " " + word
      if let last = word.last, ".?!".contains(last) {
        sentences.append(sentence)
        sentence = ""
      }
    }
    return sentence.isEmpty ? sentences : sentences + [sentence]
  }
}
