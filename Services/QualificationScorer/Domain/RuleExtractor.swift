/// Finds the fields of a qualification in a conversation by rules alone: the embedded default, which needs no key. An
/// answer counts for what the agent has just asked; what is said unasked counts where the words leave no doubt.
enum RuleExtractor {
  /// Name of this method, stored with each score.
  static let method = "rules"

  static func extract(_ turns: [ConversationTurn]) -> Extraction {
    let said = turns.enumerated().filter { $0.element.isPerson }.map { Line(turn: $0.offset, text: $0.element.text) }
    var extraction = Extraction(fields: [], disposition: .silent, interest: .none, objections: [])
    extraction.disposition = disposition(said)
    guard extraction.disposition == .conversed || extraction.disposition == .callback else {
      if extraction.disposition == .declined, let last = said.last(where: { $0.words.saysAny(PhraseRules.declined) }) {
        extraction.objections = [last.text]
      }
      return extraction
    }
    var topic: String?
    var spoken = said[...]
    for turn in turns {
      guard turn.isPerson else {
        topic = Self.topic(of: SpokenText(turn.text))
        continue
      }
      guard let line = spoken.popFirst() else { break }
      for field in fields(in: line, asked: topic) { merge(field, into: &extraction) }
    }
    extraction.interest = interest(said, extraction)
    return extraction
  }

  /// A line of the person's, with its place in the conversation.
  private struct Line {
    var turn: Int
    var text: String
    var words: SpokenText

    init(turn: Int, text: String) {
      self.turn = turn
      self.text = text
      words = SpokenText(text)
    }
  }

  /// The strongest wish of the person counts: never to be called again outweighs all else.
  private static func disposition(_ said: [Line]) -> Extraction.Disposition {
    let lines = said.map(\.words).filter { !PhraseRules.greetingWords.isSuperset(of: $0.words) }
    guard !lines.isEmpty else { return .silent }
    func anyLine(says phrases: [String]) -> Bool { lines.contains { $0.saysAny(phrases) } }
    if anyLine(says: PhraseRules.machine) { return .machine }
    if anyLine(says: PhraseRules.optOut) { return .optedOut }
    if anyLine(says: PhraseRules.wrongPerson) { return .wrongPerson }
    if anyLine(says: PhraseRules.callback) { return .callback }
    if anyLine(says: PhraseRules.declined) { return .declined }
    return .conversed
  }

  /// What an agent's line asks for: the last thing it mentions, since people ask at the end.
  private static func topic(of line: SpokenText) -> String? {
    PhraseRules.topics.first { topic in topic.stems.contains(where: line.hasWord(startingWith:)) }?.field
  }

  private static func fields(in line: Line, asked: String?) -> [Extraction.Field] {
    var found: [Extraction.Field] = []
    func add(_ name: String, _ values: [FieldValue], _ confidence: Double) {
      guard !values.isEmpty else { return }
      found.append(.init(name: name, values: values, confidence: confidence, quote: line.text, turn: line.turn))
    }
    let words = line.words
    let mentionsMoney = words.hasWord(startingWith: "$") || words.saysAny(["dollars", "bucks", "grand", "budget"])
    if asked == "budget" || mentionsMoney {
      if let amount = SpokenAmount.amounts(in: words).first(where: { $0 > 0 }) {
        add("budget", [.number(amount)], asked == "budget" ? 0.95 : 0.85)
      } else if words.saysAny(PhraseRules.noBudget) {
        add("budget", [.number(0)], 0.85)
      }
    }
    if let timeline = PhraseRules.timelines.first(where: { words.saysAny($0.phrases) }) {
      add("timeline", [.text(timeline.value)], asked == "timeline" ? 0.95 : 0.6)
    }
    if asked == "decision_maker" {
      if words.saysAny(PhraseRules.notDecisionMaker) {
        add("decision_maker", [.flag(false)], 0.9)
      } else if words.saysAny(PhraseRules.decisionMaker) {
        add("decision_maker", [.flag(true)], 0.9)
      }
    }
    let pains = PhraseRules.pains.filter { $0.stems.contains(where: words.hasWord(startingWith:)) }
    if !words.saysAny(PhraseRules.noPain) {
      add("pain_points", pains.map { .text($0.value) }, asked == "pain_points" ? 0.9 : 0.7)
    }
    return found
  }

  /// A field heard twice keeps the surer words; pains add up.
  private static func merge(_ field: Extraction.Field, into extraction: inout Extraction) {
    guard let index = extraction.fields.firstIndex(where: { $0.name == field.name }) else {
      extraction.fields.append(field)
      return
    }
    if field.name == "pain_points" && field.confidence >= Extraction.scoredConfidence
      && extraction.fields[index].confidence >= Extraction.scoredConfidence
    {
      let news = field.values.filter { !extraction.fields[index].values.contains($0) }
      extraction.fields[index].values += news
    } else if field.confidence > extraction.fields[index].confidence {
      extraction.fields[index] = field
    }
  }

  private static func interest(_ said: [Line], _ extraction: Extraction) -> Extraction.Interest {
    if said.contains(where: { $0.words.saysAny(PhraseRules.highInterest) }) { return .high }
    if extraction.scorable("timeline").contains(where: { $0.equals(.text("immediate")) }) { return .high }
    if said.contains(where: { $0.words.saysAny(PhraseRules.lowInterest) }) { return .low }
    return extraction.fields.isEmpty ? .low : .medium
  }
}
