/// What a person could tell about their plans: the truth behind the words of a conversation.
struct Facts: Hashable, Sendable {
  /// US dollars; 0 when they have none set aside, nil when they will not say.
  var budget: Int?
  var timeline: Timeline
  var decides: Bool
  /// Without repetition; empty when all is well.
  var pains: [Pain]
}

/// When they want to start. Raw values are those that qualification criteria use.
enum Timeline: String, Hashable, Sendable, CaseIterable {
  /// Within a week.
  case immediate
  case withinMonth = "within_month"
  case withinQuarter = "within_quarter"
  case withinYear = "within_year"
  /// No plan, or not before next year.
  case later
}

/// What is wrong with how they do it today. Raw values are those that qualification criteria use.
enum Pain: String, Hashable, Sendable, CaseIterable {
  case slow
  case expensive
  case manual
  case unreliable
  case complicated
  case support
}

/// What the agent can ask that people have an answer to; raw values are the fields of qualification criteria.
enum Topic: String, Hashable, Sendable, CaseIterable {
  case budget
  case timeline
  case decisionMaker = "decision_maker"
  case painPoints = "pain_points"
}
