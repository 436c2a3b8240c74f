/// Who answers, and what they are going to do: everything about a person on one call that chance decides.
struct PersonPlan: Hashable, Sendable {
  /// What they have in mind with the caller.
  enum Intent: String, Hashable, Sendable {
    case conversation
    case notInterested = "not_interested"
    case callbackRequested = "callback_requested"
    case optedOut = "opted_out"
    case wrongNumber = "wrong_number"
    case hangUpEarly = "hung_up_early"
  }

  var intent: Intent
  var facts: Facts
  var callback: CallbackTime
  /// Draws of this attempt, for the wording.
  var choice: Choice
  /// Speaking rate, 1 is 200 words a minute.
  var pace: Double
  /// Frames from picking up to the first word.
  var helloDelay: Int
  /// Frames of silence after which they take their turn.
  var reaction: Int
  /// Cuts in when this many words of the agent's first turn were heard; nil waits for its end.
  var interruptsAfterWords: Int?
  /// Puts this question before anything else.
  var aside: Aside?
  /// A refusal comes at this turn of the agent's, from 1.
  var refusesAtTurn: Int
  /// A person who hangs up early does so after this many words.
  var hangsUpAfterWords: Int

  enum Aside: Hashable, Sendable {
    case areYouARobot
    case whoIsCalling
    case whatDidYouSay
  }

  /// - Parameters:
  ///   - person: Draws that hold for the person.
  ///   - choice: Draws of this attempt.
  init(intent: Intent, person: Choice, attempt choice: Choice) {
    self.intent = intent
    self.choice = choice
    facts = Facts(person)
    callback = CallbackTime(choice)
    pace = 0.9 + 0.25 * person.unit("pace")
    helloDelay = choice.integer("hello delay", in: 8...30)
    reaction = choice.integer("reaction", in: 24...44)
    hangsUpAfterWords = choice.integer("hangs up after", in: 3...12)
    refusesAtTurn = choice.isTrue("refuses late", share: 0.25) ? 2 : 1
    aside =
      choice.weighted(
        "aside", [(nil, 0.8), (.areYouARobot, 0.07), (.whoIsCalling, 0.07), (.whatDidYouSay, 0.06)]) ?? nil
    let interrupts =
      switch intent {
      case .conversation: aside == .whoIsCalling && choice.isTrue("interrupts", share: 0.6)
      case .notInterested, .optedOut, .wrongNumber: refusesAtTurn == 1 && choice.isTrue("interrupts", share: 0.4)
      case .callbackRequested: choice.isTrue("interrupts", share: 0.25)
      case .hangUpEarly: false
      }
    interruptsAfterWords = interrupts ? choice.integer("interrupts after", in: 7...14) : nil
  }
}

extension Facts {
  private static let amounts = [
    2_000, 3_000, 5_000, 5_000, 8_000, 10_000, 10_000, 12_000, 15_000, 15_000, 18_000, 20_000, 20_000, 25_000, 30_000,
    35_000, 40_000, 50_000, 50_000, 60_000, 75_000, 80_000, 100_000, 120_000, 150_000, 200_000, 250_000,
  ]

  init(_ person: Choice) {
    let amount = person.pick("budget", from: Facts.amounts)
    budget = person.weighted("budget answer", [(amount, 0.86), (0, 0.08), (nil, 0.06)]) ?? nil
    timeline =
      person.weighted(
        "timeline",
        [(.immediate, 0.24), (.withinMonth, 0.26), (.withinQuarter, 0.24), (.withinYear, 0.14), (.later, 0.12)])
      ?? .later
    decides = person.isTrue("decides", share: 0.65)
    let first = person.pick("first pain", from: Pain.allCases)
    let others = Pain.allCases.filter { $0 != first }
    let count = person.weighted("pains", [(0, 0.08), (1, 0.52), (2, 0.4)]) ?? 1
    pains = Array([first, person.pick("second pain", from: others)].prefix(count))
  }
}
