/// How much a batch of facts moves a campaign's progress.
struct ProgressChange: Hashable, Sendable {
  /// What an outcome is counted for.
  enum Kind: String, Sendable { case attempt, lead }

  struct OutcomeKey: Hashable, Sendable {
    var kind: Kind
    var outcome: String
  }

  var leads = 0
  var done = 0
  var called = 0
  var successful = 0
  var inFlight = 0
  var attempts = 0
  var retriesWaiting = 0
  var costMicros: Int64 = 0
  var outcomes: [OutcomeKey: Int] = [:]

  var isNothing: Bool { self == ProgressChange() }

  mutating func count(_ outcome: String, _ kind: Kind, by number: Int = 1) {
    outcomes[OutcomeKey(kind: kind, outcome: outcome), default: 0] += number
  }
}
