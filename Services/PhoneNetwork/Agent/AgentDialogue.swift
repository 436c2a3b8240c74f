/// What the agent says next. A pure function of its brief and of what was heard on both sides, so that words cut off by
/// an interruption, which the session forgets, are said again.
struct AgentDialogue: Hashable, Sendable {
  /// What a turn of the agent's does, apart from its words.
  struct Act: Hashable, Sendable {
    var greets = false
    /// Says what the call is about.
    var givesReason = false
    /// Index of the question that it asks.
    var asks: Int?
    /// Ends the call, for this reason.
    var closes: String?
  }

  struct Turn: Hashable, Sendable {
    var text: String
    var act: Act
  }

  /// A line of the conversation as the session remembers it.
  enum Entry: Hashable, Sendable {
    /// `share` of the turn's words was heard, 0...1.
    case agent(Act, share: Double)
    case person(String)
    /// Nobody spoke for the idle time.
    case silence
  }

  enum EndReason {
    static let completed = "completed"
    static let notInterested = "not_interested"
    static let optedOut = "opted_out"
    static let wrongNumber = "wrong_number"
    static let callback = "callback_requested"
    static let voicemail = "voicemail"
    static let noResponse = "no_response"
    static let turnLimit = "turn_limit"
  }

  /// Turns of the agent's after which it closes.
  static let turnLimit = 40
  /// Share of a greeting or a question that has to be heard.
  private static let enoughHeard = 0.75

  let brief: AgentBrief

  /// - Parameter directive: The instructions of the `response.create`, if any: words in it open the call.
  func next(after history: [Entry], directive: String? = nil) -> Turn {
    let state = State(history, questions: brief.questions.count)
    if let reason = state.closed, [.goodbye, .content, .nothing].contains(state.pendingTalk) {
      return Turn(text: "Goodbye.", act: Act(closes: reason))
    }
    guard state.turns < AgentDialogue.turnLimit else { return close(EndReason.turnLimit) }
    if let turn = closing(state) { return turn }
    guard state.isGreeted else { return greeting(directive) }
    switch state.pendingTalk {
    case .asksWhetherRobot:
      return ask(
        state,
        after: "Yes, I am an AI assistant calling for \(brief.business). A person can call you back if you prefer.")
    case .asksWhoCalls:
      return ask(state, after: "This is \(brief.agentName), an AI assistant calling for \(brief.business).")
    case .asksToRepeat: return ask(state, after: "Of course.")
    case .asksWhetherThere: return ask(state, after: "Yes, I am here.")
    case .nothing: return ask(state, after: state.isSilence ? "Are you still there?" : "Sorry, I did not catch that.")
    case .content: return ask(state, after: acknowledgement(state))
    case .goodbye: return close(state.next == nil ? EndReason.completed : EndReason.notInterested)
    case .mailboxGreeting, .optsOut, .wrongPerson, .declines, .asksForCallback: return close(EndReason.completed)
    }
  }

  // MARK: Turns

  /// The first words. What a directive gives is said as it is; the reason then comes with the first question.
  private func greeting(_ directive: String?) -> Turn {
    if let text = directive.flatMap({ AgentBrief.wording(in: $0) }) { return Turn(text: text, act: Act(greets: true)) }
    var text = brief.opening
    if text.isEmpty {
      let name = brief.lead.split(separator: " ").first.map { "Hello, is this \($0)?" } ?? "Hello."
      text = "\(name) This is \(brief.agentName), an AI assistant calling for \(brief.business)."
    }
    if !text.hasSuffix("?") { text += " \(AgentDialogue.reason) Do you have a moment?" }
    return Turn(text: text, act: Act(greets: true, givesReason: true))
  }

  private static let reason = "I have a few short questions about what you need."

  private func ask(_ state: State, after words: String) -> Turn {
    guard let index = state.next else { return close(EndReason.completed) }
    let parts = [words, state.hasReason ? "" : AgentDialogue.reason, brief.questions[index].text]
    return Turn(text: parts.filter { !$0.isEmpty }.joined(separator: " "), act: Act(givesReason: true, asks: index))
  }

  private func acknowledgement(_ state: State) -> String {
    let words = ["Thank you.", "Got it.", "I see.", "Understood."]
    return state.next == nil || state.isSilence ? "" : words[state.turns % words.count]
  }

  private func closing(_ state: State) -> Turn? {
    if state.silences >= 3 { return close(EndReason.noResponse) }
    switch state.pendingTalk {
    case .mailboxGreeting: return close(EndReason.voicemail)
    case .optsOut: return close(EndReason.optedOut)
    case .wrongPerson: return close(EndReason.wrongNumber)
    case .declines: return close(EndReason.notInterested)
    case .asksForCallback(let time): return close(EndReason.callback, time: time)
    case .asksWhetherRobot, .asksWhoCalls, .asksToRepeat, .asksWhetherThere, .goodbye, .content, .nothing: return nil
    }
  }

  private func close(_ reason: String, time: String = "") -> Turn {
    let text =
      switch reason {
      case EndReason.optedOut: "Of course. You will not be called again, and I am sorry for the disturbance. Goodbye."
      case EndReason.wrongNumber: "I am sorry to have bothered you. Goodbye."
      case EndReason.notInterested: "I understand. Thank you for your time. Goodbye."
      case EndReason.callback:
        "Of course, we will call you back \(time.isEmpty ? "at a better time" : time). Thank you, goodbye."
      case EndReason.voicemail:
        "Hello, this is \(brief.agentName), an AI assistant calling for \(brief.business). We will try again. Goodbye."
      case EndReason.noResponse: "I cannot hear you, so we will try another time. Goodbye."
      case EndReason.turnLimit: "I have to end our call here. Thank you for your time. Goodbye."
      default: "Thank you, that is all I wanted to ask. Somebody from \(brief.business) will be in touch. Goodbye."
      }
    return Turn(text: text, act: Act(closes: reason))
  }

  // MARK: History

  /// The conversation so far, folded.
  private struct State {
    var isGreeted = false
    var hasReason = false
    var turns = 0
    /// Reason of a close that was said.
    var closed: String?
    /// What the person said since the agent's last turn.
    var pendingTalk = PersonTalk.nothing
    var isSilence = false
    /// Idle times in a row.
    var silences = 0
    /// The question to ask now; nil when all are answered.
    var next: Int?

    init(_ history: [Entry], questions: Int) {
      var answered: Set<Int> = []
      var pending: Act?
      var words = ""
      for entry in history {
        switch entry {
        case .agent(let act, let share):
          turns += 1
          if share >= AgentDialogue.enoughHeard {
            isGreeted = isGreeted || act.greets
            hasReason = hasReason || act.givesReason
            pending = act
          } else {
            pending = nil
          }
          if let reason = act.closes, share > 0 { closed = reason }
          words = ""
          isSilence = false
        case .person(let text):
          words += words.isEmpty ? text : " " + text
          silences = 0
          isSilence = false
          if let index = pending?.asks, PersonTalk(text) == .content, !PersonTalk.isGreeting(text) {
            answered.insert(index)
          }
        case .silence:
          silences += 1
          isSilence = true
        }
      }
      pendingTalk = PersonTalk(words)
      next = (0..<questions).first { !answered.contains($0) }
    }
  }
}
