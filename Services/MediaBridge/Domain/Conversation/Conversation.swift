import Core

/// One conversation between a person on the phone and a voice engine. Pure: what happens on either side comes in, what
/// must be done goes out.
///
/// Its time is the call's own: milliseconds of the person's audio since the answer. That keeps step with what was said
/// however late messages are, and needs no timers.
struct Conversation: Sendable {
  struct Terms: Hashable, Sendable {
    /// First words.
    var greeting: String
    /// Milliseconds from the answer.
    var maxDuration: Int
    /// Milliseconds in which nobody speaks.
    var silenceLimit: Int
  }

  /// What must be done.
  enum Command: Hashable, Sendable {
    /// Engine: open the conversation with these words.
    case greet(String)
    /// Engine: say something now.
    case reply
    /// Engine: of this item only so many milliseconds were heard.
    case cut(item: String, heard: Int)
    /// Engine: take what was heard of the person so far as a turn.
    case commitSpeech
    /// Engine: a function that was called gave this.
    case answerTool(id: String, output: String)
    /// Carrier: throw away the audio that was not played.
    case clear
    /// Carrier: tell when the audio sent so far was played.
    case mark(String)
    /// Tell that the person asked not to be called again.
    case tellOptOut
    /// End the call.
    case hangUp(EndReason)
  }

  enum Phase: Hashable, Sendable {
    /// Until the call is answered and the engine is ready.
    case waiting
    case talking
    /// The agent said goodbye; the call ends when that was heard. `isMute` once the response that did is over.
    case closing(EndReason, since: Int, isMute: Bool)
    /// The call was told to end, or has ended.
    case over
  }

  /// How long a goodbye may take to be heard.
  static let goodbyeLimit = 20_000
  /// How late a mark may be before its audio counts as heard.
  static let markTolerance = 2_000
  /// Responses that may fail in a row.
  static let failureLimit = 3
  static let endCallTool = "end_call"
  /// The agent's reasons for ending a call, as its tool offers them.
  static let endCallReasons = [
    "completed", "not_interested", optOutReason, "wrong_number", "callback_requested", "voicemail", "no_response",
  ]
  static let optOutReason = "opted_out"

  let terms: Terms
  var phase = Phase.waiting
  var isStreaming = false
  var isReady = false
  /// Milliseconds since the answer.
  var time = 0
  var playback = Playback()
  var transcript = Transcript()
  var usage = EngineUsage()
  /// Milliseconds from the end of each of the person's turns to the agent's first sound.
  var latencies: [Int32] = []

  /// The person's audio that the engine was given, in milliseconds: its own time.
  var engineTime = 0
  var isPersonSpeaking = false
  /// When somebody was last heard, apart from what is queued.
  var lastSound = 0
  var isResponding = false
  var failures = 0
  var repliesAfterResponse = false
  /// Since when the person waits for an answer.
  var turnEndedAt: Instant?
  /// Items whose late audio must not be played.
  var cut: Set<[UInt8]> = []
  /// The person's turns that still have to be transcribed.
  var untranscribed: Set<String> = []
  /// The engine's last turn without words.
  var idled: String?
  var awaitsCommit = false

  init(_ terms: Terms) {
    self.terms = terms
  }

  /// Whether every word of the person's has arrived.
  var isTranscribed: Bool { untranscribed.isEmpty && !awaitsCommit }

  /// Ends the conversation for a reason of its own, once.
  mutating func end(_ reason: EndReason) -> [Command] {
    guard phase != .over else { return [] }
    phase = .over
    return [.hangUp(reason)]
  }

  mutating func greetWhenPossible() -> [Command] {
    guard phase == .waiting, isStreaming, isReady else { return [] }
    phase = .talking
    return [.greet(terms.greeting)]
  }

  /// Ends the call once the goodbye was heard.
  mutating func closeWhenHeard() -> [Command] {
    guard case .closing(let reason, let since, _) = phase else { return [] }
    let isHeard = !isResponding && (!playback.isPlaying(at: time) || time > playback.end + Self.markTolerance)
    return isHeard || time - since > Self.goodbyeLimit ? end(reason) : []
  }
}
