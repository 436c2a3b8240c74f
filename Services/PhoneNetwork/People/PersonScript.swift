/// What a person says when: their side of the conversation without sound and time.
struct PersonScript: Sendable {
  /// What an utterance does, apart from its words.
  enum Meaning: Hashable, Sendable {
    case hello
    case smallTalk
    /// Says what they picked up to say: a refusal, a time to call again, an opt-out, that it is the wrong number.
    case intent
    case fact(Topic)
    case farewell
  }

  struct Line: Hashable, Sendable {
    var text: String
    var meaning: Meaning
  }

  enum Reply: Hashable, Sendable {
    case say(Line)
    /// Hangs up after so many frames of silence.
    case hangUp(after: Int)
  }

  let plan: PersonPlan
  private(set) var hasSaidHello = false
  private(set) var hasInterrupted = false
  /// Turns of the agent that were answered.
  private(set) var agentTurns = 0
  private var saidIntentTimes = 0
  private var hasAskedAside = false
  private var repetitions: [String: Int] = [:]

  /// Frames from the agent's goodbye to hanging up without a word.
  private static let silentGoodbye = 30

  init(_ plan: PersonPlan) {
    self.plan = plan
  }

  mutating func hello() -> Line {
    hasSaidHello = true
    return Line(text: pick("hello", PhraseBank.hello), meaning: .hello)
  }

  /// Cuts in on the agent's first turn.
  mutating func interruption() -> Line {
    hasInterrupted = true
    agentTurns += 1
    return plan.intent == .conversation ? askAside(.whoIsCalling) : sayIntent()
  }

  mutating func areYouThere(_ time: Int) -> Line {
    Line(text: plan.choice.pick("are you there \(time)", from: PhraseBank.areYouThere), meaning: .smallTalk)
  }

  /// The answer to a turn of the agent's.
  mutating func reply(to talk: AgentTalk) -> Reply {
    agentTurns += 1
    if talk == .goodbye { return farewell() }
    if wantsOut {
      if saidIntentTimes > 0 { return again(talk) }
      if agentTurns >= plan.refusesAtTurn { return .say(sayIntent()) }
    }
    if let aside = plan.aside, !hasAskedAside, plan.intent == .conversation { return .say(askAside(aside)) }
    switch talk {
    case .question(let topic): return .say(answer(topic))
    case .otherQuestion:
      let phrases = agentTurns == 1 || repetitions["go ahead"] == nil ? PhraseBank.goAhead : PhraseBank.notSure
      return .say(Line(text: pick(agentTurns == 1 ? "go ahead" : "other", phrases), meaning: .smallTalk))
    case .statement: return .say(Line(text: pick("acknowledge", PhraseBank.acknowledge), meaning: .smallTalk))
    case .goodbye: return farewell()
    }
  }

  private var wantsOut: Bool {
    switch plan.intent {
    case .notInterested, .callbackRequested, .optedOut, .wrongNumber: true
    case .conversation, .hangUpEarly: false
    }
  }

  /// The agent goes on although it was told.
  private mutating func again(_ talk: AgentTalk) -> Reply {
    saidIntentTimes += 1
    guard saidIntentTimes <= 3 else { return .hangUp(after: PersonScript.silentGoodbye) }
    switch plan.intent {
    case .notInterested: return .say(Line(text: pick("again", PhraseBank.notInterestedAgain), meaning: .farewell))
    case .optedOut: return .say(Line(text: pick("again", PhraseBank.optOutAgain), meaning: .farewell))
    case .callbackRequested, .wrongNumber:
      guard talk == .statement else { return .say(intentLine()) }
      return .say(Line(text: pick("acknowledge", PhraseBank.acknowledge), meaning: .smallTalk))
    case .conversation, .hangUpEarly: return .hangUp(after: PersonScript.silentGoodbye)
    }
  }

  private mutating func farewell() -> Reply {
    let isFriendly = plan.intent == .conversation || plan.intent == .callbackRequested
    guard plan.choice.isTrue("says goodbye", share: isFriendly ? 0.7 : 0.25) else {
      return .hangUp(after: PersonScript.silentGoodbye)
    }
    return .say(Line(text: pick("goodbye", PhraseBank.thanksAndGoodbye), meaning: .farewell))
  }

  private mutating func askAside(_ aside: PersonPlan.Aside) -> Line {
    hasAskedAside = true
    let phrases =
      switch aside {
      case .areYouARobot: PhraseBank.areYouARobot
      case .whoIsCalling: PhraseBank.whoIsCalling
      case .whatDidYouSay: PhraseBank.whatDidYouSay
      }
    return Line(text: pick("aside", phrases), meaning: .smallTalk)
  }

  private mutating func sayIntent() -> Line {
    saidIntentTimes += 1
    return intentLine()
  }

  private mutating func intentLine() -> Line {
    switch plan.intent {
    case .notInterested: Line(text: pick("intent", PhraseBank.notInterested), meaning: .intent)
    case .optedOut: Line(text: pick("intent", PhraseBank.optOut), meaning: .intent)
    case .wrongNumber: Line(text: pick("intent", PhraseBank.wrongNumber), meaning: .intent)
    case .callbackRequested:
      Line(text: fill(pick("intent", PhraseBank.callback), "{time}", plan.callback.phrase), meaning: .intent)
    case .conversation, .hangUpEarly: Line(text: pick("acknowledge", PhraseBank.acknowledge), meaning: .smallTalk)
    }
  }

  private mutating func answer(_ topic: Topic) -> Line {
    let text =
      switch topic {
      case .budget: budget()
      case .timeline: pick("timeline", PhraseBank.timeline[plan.facts.timeline] ?? PhraseBank.notSure)
      case .decisionMaker: pick("decides", plan.facts.decides ? PhraseBank.decides : PhraseBank.doesNotDecide)
      case .painPoints: pains()
      }
    return Line(text: text, meaning: .fact(topic))
  }

  private mutating func budget() -> String {
    guard let amount = plan.facts.budget else { return pick("budget", PhraseBank.budgetUndisclosed) }
    guard amount > 0 else { return pick("budget", PhraseBank.budgetNone) }
    let template = pick("budget", PhraseBank.budgetAmount)
    let form = plan.choice.pick("budget form", from: SpokenNumber.Form.allCases)
    let hedge = template.hasPrefix("Up to") ? "" : plan.choice.pick("budget hedge", from: SpokenNumber.hedges)
    return fill(template, "{amount}", hedge + SpokenNumber.phrase(amount, form: form))
  }

  private mutating func pains() -> String {
    let clauses = plan.facts.pains.map { pick("pain \($0.rawValue)", PhraseBank.pains[$0] ?? []) }
    switch clauses.count {
    case 0: return pick("pains", PhraseBank.noPain)
    case 1: return fill(pick("pains", PhraseBank.onePain), "{pain}", clauses[0])
    default: return fill(fill(pick("pains", PhraseBank.twoPains), "{pain}", clauses[0]), "{other}", clauses[1])
    }
  }

  /// One of `phrases`, another one when the same is asked again.
  private mutating func pick(_ name: String, _ phrases: [String]) -> String {
    let time = repetitions[name, default: 0]
    repetitions[name] = time + 1
    let first = Int(plan.choice.unit(name) * Double(phrases.count))
    return phrases.isEmpty ? "" : phrases[(first + time) % phrases.count]
  }

  private func fill(_ template: String, _ mark: String, _ value: String) -> String {
    guard let range = template.firstRange(of: mark) else { return template }
    return template.replacingCharacters(range, with: value)
  }
}

extension String {
  /// This text with one range of it exchanged.
  fileprivate func replacingCharacters(_ range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
