/// What becomes of one attempt at a number, decided by the seed, the number and which attempt it is, and nothing else.
struct AttemptPlan: Hashable, Sendable {
  enum Fate: Hashable, Sendable {
    /// The number does not exist: SIP 404.
    case unassigned
    /// The network fails: SIP 503.
    case networkFailure
    /// SIP 486, this long after ringing should have begun.
    case busy(after: Duration)
    /// Rings for as long as the caller wants.
    case noAnswer
    case answered(after: Duration, by: Answerer)
  }

  enum Answerer: Hashable, Sendable {
    case person(PersonPlan)
    case mailbox(MailboxPlan)
  }

  let number: String
  /// Which attempt at this number it is, from 1.
  let attempt: Int
  let fate: Fate
  /// How long the network takes to find the telephone.
  let setupDelay: Duration
  /// Whether the answering-machine verdict of this call is the wrong one.
  let misjudged: Bool

  private enum Reach: Hashable { case answered, mailbox, noAnswer, busy, networkFailure }

  init(seed: UInt64, number: String, attempt: Int, population: Population) {
    self.number = number
    self.attempt = attempt
    let person = Choice(seed: seed, number: number)
    let now = Choice(seed: seed, number: number, attempt: attempt)
    setupDelay = .milliseconds(now.integer("setup", in: 400...1_500))
    misjudged = now.isTrue("misjudged", share: population.detectionErrorShare)
    guard !AttemptPlan.isUnassigned(person, population) else {
      fate = .unassigned
      return
    }
    let ring = Duration.milliseconds(now.integer("ring", in: 3_000...8_000))
    switch AttemptPlan.reach(now, population) {
    case .networkFailure: fate = .networkFailure
    case .busy: fate = .busy(after: .milliseconds(now.integer("busy", in: 300...1_500)))
    case .noAnswer: fate = .noAnswer
    case .mailbox: fate = .answered(after: ring, by: .mailbox(MailboxPlan(person: person, attempt: now)))
    case .answered:
      let intent = AttemptPlan.intent(person, attempt: attempt, population)
      fate = .answered(after: ring, by: .person(PersonPlan(intent: intent, person: person, attempt: now)))
    }
  }

  private static func isUnassigned(_ person: Choice, _ population: Population) -> Bool {
    let whole = population.weights.values.reduce(0, +)
    return person.isTrue("unassigned", share: whole > 0 ? population.weight(.unassigned) / whole : 0)
  }

  private static let talking: [(Population.Ending, PersonPlan.Intent)] = [
    (.conversation, .conversation), (.notInterested, .notInterested), (.callbackRequested, .callbackRequested),
    (.optedOut, .optedOut), (.wrongNumber, .wrongNumber), (.hungUpEarly, .hangUpEarly),
  ]

  private static func reach(_ choice: Choice, _ population: Population) -> Reach {
    choice.weighted(
      "reach",
      [
        (.answered, talking.reduce(0) { $0 + population.weight($1.0) }), (.mailbox, population.weight(.voicemail)),
        (.noAnswer, population.weight(.noAnswer)), (.busy, population.weight(.busy)),
        (.networkFailure, population.weight(.networkFailure)),
      ]) ?? .noAnswer
  }

  /// What they do this time follows from what they did before: who asked to be called again then talks, as a rule, and
  /// who hung up may have been in a hurry.
  private static func intent(_ person: Choice, attempt: Int, _ population: Population) -> PersonPlan.Intent {
    var intent = person.weighted("intent", talking.map { ($0.1, population.weight($0.0)) }) ?? .conversation
    for earlier in 1..<max(1, attempt) {
      let then = Choice(seed: person.seed, number: person.number, attempt: earlier)
      guard reach(then, population) == .answered else { continue }
      switch intent {
      case .callbackRequested: intent = then.isTrue("keeps word", share: 0.85) ? .conversation : .notInterested
      case .hangUpEarly: intent = then.isTrue("had no time", share: 0.5) ? .conversation : .hangUpEarly
      case .conversation, .notInterested, .optedOut, .wrongNumber: break
      }
    }
    return intent
  }
}
