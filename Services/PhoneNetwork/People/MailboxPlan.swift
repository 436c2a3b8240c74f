/// A mailbox that answers: what it says, and how long it listens.
struct MailboxPlan: Hashable, Sendable {
  var greeting: String
  var pace: Double
  /// Frames from answer to the first word.
  var startDelay: Int
  /// Frames between the greeting and the beep: short enough that nobody takes it for the end of a turn.
  var beepDelay: Int

  init(person: Choice, attempt: Choice) {
    greeting = person.pick("mailbox greeting", from: PhraseBank.mailbox)
    pace = 0.95 + 0.2 * person.unit("mailbox pace")
    startDelay = attempt.integer("mailbox start", in: 10...40)
    beepDelay = person.integer("beep delay", in: 5...15)
  }
}

/// The mailbox on a call, 20 ms at a time: greeting, beep, then it records until nothing more comes.
struct MailboxOnCall: Sendable {
  private enum Stage: Sendable {
    case waiting(frames: Int)
    case greeting
    case beforeBeep(frames: Int)
    case beep(frames: Int)
    case recording(frames: Int)
    case full
  }

  /// Half a second.
  static let beepFrames = 25
  /// Hangs up after this much silence in a recording, and after this much recording in all.
  static let silenceFrames = 10 * AudioFrame.perSecond
  static let recordingFrames = 90 * AudioFrame.perSecond

  private let plan: MailboxPlan
  private var stage: Stage
  private var voice: SpeechPlayer
  private var ear = SpeechDecoder()
  private var heard: [HeardWord] = []
  private var silence = 0

  init(_ plan: MailboxPlan, utterance: UInt32) {
    self.plan = plan
    stage = .waiting(frames: plan.startDelay)
    voice = SpeechPlayer(SpeechPlan(plan.greeting, utterance: utterance, pace: plan.pace))
  }

  /// What was recorded after the beep.
  var message: String { heard.map(\.text).joined(separator: " ") }

  /// What it says before the beep.
  var greeting: String { plan.greeting }

  /// Hears one frame (empty for silence) and appends its own, if it makes a sound.
  mutating func step(hearing: UnsafeBufferPointer<UInt8>, into audio: inout [UInt8]) -> AnswererStep {
    switch stage {
    case .waiting(let frames):
      stage = frames > 0 ? .waiting(frames: frames - 1) : .greeting
      return .silence
    case .greeting:
      let isLoud = voice.appendFrame(to: &audio)
      if voice.isFinished { stage = .beforeBeep(frames: plan.beepDelay) }
      return isLoud ? .sound : .silence
    case .beforeBeep(let frames):
      stage = frames > 0 ? .beforeBeep(frames: frames - 1) : .beep(frames: MailboxOnCall.beepFrames)
      return .silence
    case .beep(let frames):
      audio.append(contentsOf: Voice.beepFrame)
      stage = frames > 1 ? .beep(frames: frames - 1) : .recording(frames: 0)
      return .sound
    case .recording(let frames):
      silence = hearing.isEmpty ? silence + 1 : 0
      if !hearing.isEmpty { ear.read(hearing, into: &heard) }
      guard silence < MailboxOnCall.silenceFrames, frames < MailboxOnCall.recordingFrames else {
        stage = .full
        return .hangUp
      }
      stage = .recording(frames: frames + 1)
      return .silence
    case .full: return .hangUp
    }
  }
}

/// What an answerer does in one frame.
enum AnswererStep: Hashable, Sendable {
  case silence
  /// A frame was appended.
  case sound
  case hangUp
}
