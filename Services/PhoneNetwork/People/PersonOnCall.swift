/// A person on a call, 20 ms at a time: hears frames, says frames. Knows the agent's words only from frames that were
/// played, and counts time in frames, so that the conversation goes the same way however fast the machine is.
struct PersonOnCall: Sendable {
  /// A line of the conversation as it reached this end.
  struct Line: Hashable, Sendable {
    var isAgent: Bool
    var text: String
    /// Frames from the answer.
    var start: Int
  }

  /// Why they hung up.
  enum Leaving: String, Hashable, Sendable {
    case finished
    case refused
    case impatient
    /// Nobody spoke.
    case silence
  }

  /// Patience with a silent line, and the length of the longest call.
  private enum Patience {
    static let silence = 9 * AudioFrame.perSecond
    /// Times they ask whether somebody is there.
    static let questions = 2
    /// More than `reaction` when the agent's last sentence has no end.
    static let unfinishedSentence = 2 * AudioFrame.perSecond
    static let wholeCall = 600 * AudioFrame.perSecond
    static let afterGoodbye = 70
    static let afterOwnGoodbye = 40
  }

  let plan: PersonPlan
  private var allLines: [Line] = []
  /// What they came to say was said in full: the refusal, the time, the opt-out.
  private(set) var saidIntent = false
  /// Topics whose answer was said in full.
  private(set) var told: [Topic] = []
  private(set) var leaving: Leaving?

  private var frame = 0
  private var ear = SpeechDecoder()
  private var heard: [HeardWord] = []
  private var lastAgentSound = -1
  private var lastOwnSound = 0
  private var script: PersonScript
  private var mouth: SpeechPlayer?
  /// Where in the lines the utterance stands that is being spoken.
  private var ownLine = 0
  private var speaking: PersonScript.Meaning = .smallTalk
  private var utterance: UInt32
  private var questionsIntoSilence = 0
  private var heardGoodbyeAt: Int?
  private var hangsUpAt: Int?

  /// - Parameter utterance: Number of their first utterance in frames of audio; the next ones follow it.
  init(_ plan: PersonPlan, utterance: UInt32) {
    self.plan = plan
    self.utterance = utterance
    script = PersonScript(plan)
  }

  /// What was said and heard so far. Of the own line that is being spoken, the words that are out.
  var lines: [Line] {
    guard let mouth, allLines.indices.contains(ownLine) else { return allLines }
    var lines = allLines
    lines[ownLine].text = mouth.plan.text(within: mouth.position)
    return lines
  }

  /// Hears one frame (empty for silence) and appends their own, if it makes a sound.
  mutating func step(hearing: UnsafeBufferPointer<UInt8>, into audio: inout [UInt8]) -> AnswererStep {
    if leaving != nil { return .hangUp }
    frame += 1
    if !hearing.isEmpty { hear(hearing) }
    if mouth != nil { return speak(into: &audio) }
    decide()
    return leaving == nil ? .silence : .hangUp
  }

  private mutating func hear(_ audio: UnsafeBufferPointer<UInt8>) {
    lastAgentSound = frame
    let before = heard.count
    ear.read(audio, into: &heard)
    if heard.count > before { note(heard[before...]) }
  }

  /// Adds words to the agent's current line, or begins one.
  private mutating func note(_ words: ArraySlice<HeardWord>) {
    let text = words.map(\.text).joined(separator: " ")
    if let last = allLines.last, last.isAgent {
      allLines[allLines.count - 1].text += " " + text
    } else {
      allLines.append(Line(isAgent: true, text: text, start: frame))
    }
  }

  private mutating func speak(into audio: inout [UInt8]) -> AnswererStep {
    guard var player = mouth else { return .silence }
    let isLoud = player.appendFrame(to: &audio)
    mouth = player.isFinished ? nil : player
    lastOwnSound = frame
    if player.isFinished { finishedSpeaking() }
    return isLoud ? .sound : .silence
  }

  private mutating func finishedSpeaking() {
    switch speaking {
    case .intent: saidIntent = true
    case .fact(let topic): if !told.contains(topic) { told.append(topic) }
    case .farewell: hangsUpAt = frame + Patience.afterOwnGoodbye
    case .hello, .smallTalk: break
    }
  }

  private mutating func decide() {
    if let at = hangsUpAt {
      let isFriendly = plan.intent == .conversation || plan.intent == .callbackRequested
      if frame >= at { leaving = isFriendly ? .finished : .refused }
      return
    }
    if frame >= Patience.wholeCall {
      leaving = .impatient
      return
    }
    if !script.hasSaidHello {
      if frame >= plan.helloDelay { say(script.hello()) }
      return
    }
    if plan.intent == .hangUpEarly, heard.count >= plan.hangsUpAfterWords {
      leaving = .impatient
      return
    }
    if script.agentTurns == 0, let words = plan.interruptsAfterWords, heard.count >= words, !script.hasInterrupted {
      say(script.interruption())
      return
    }
    answerWhenAgentIsDone()
  }

  private mutating func answerWhenAgentIsDone() {
    let silence = frame - max(lastAgentSound, lastOwnSound)
    guard let last = heard.last else {
      if silence >= Patience.silence { loseTouch() }
      return
    }
    guard frame - lastAgentSound >= plan.reaction else { return }
    let isWhole = last.text.last.map { ".?!".contains($0) } ?? false
    guard isWhole || silence >= plan.reaction + Patience.unfinishedSentence else { return }
    let text = heard.map(\.text).joined(separator: " ")
    switch script.reply(to: AgentTalk(text)) {
    case .say(let line): say(line)
    case .hangUp(let delay):
      heard.removeAll(keepingCapacity: true)
      hangsUpAt = frame + delay
    }
  }

  /// Nothing has been heard for long: asks, and in the end hangs up.
  private mutating func loseTouch() {
    questionsIntoSilence += 1
    if questionsIntoSilence > Patience.questions {
      leaving = .silence
    } else {
      say(script.areYouThere(questionsIntoSilence))
    }
  }

  private mutating func say(_ line: PersonScript.Line) {
    heard.removeAll(keepingCapacity: true)
    utterance &+= 1
    speaking = line.meaning
    ownLine = allLines.count
    allLines.append(Line(isAgent: false, text: line.text, start: frame))
    mouth = SpeechPlayer(SpeechPlan(line.text, utterance: utterance, pace: plan.pace))
  }
}
