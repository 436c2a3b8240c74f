/// Finds the turns of a speaker by how loud the audio is: `server_vad` of the OpenAI Realtime API. Counts audio time.
struct VoiceActivityDetector: Hashable, Sendable {
  struct Settings: Hashable, Sendable {
    /// 0...1; louder speech is needed the higher it is.
    var threshold = 0.5
    var prefixPaddingMilliseconds = 300
    var silenceDurationMilliseconds = 500
    var createsResponse = true
    var interruptsResponse = true
    var idleTimeoutMilliseconds: Int?
  }

  enum Change: Hashable, Sendable {
    /// Where the turn's audio begins, padding included, in milliseconds since the session's first audio.
    case started(atMilliseconds: Int)
    case stopped(atMilliseconds: Int)
  }

  private enum State: Hashable, Sendable {
    /// `loudFrames` in a row so far.
    case silence(loudFrames: Int)
    case speech(silentMilliseconds: Int)
  }

  /// A click is not speech: as many loud frames in a row start a turn.
  private static let framesToStart = 2
  /// Mean absolute sample at threshold 1. Our speech has about 2000, a bad line's noise below 200.
  private static let fullScale = 1_500.0

  var settings: Settings
  private var state = State.silence(loudFrames: 0)
  /// Audio seen so far.
  private(set) var milliseconds = 0

  init(_ settings: Settings) {
    self.settings = settings
  }

  var isSpeech: Bool {
    if case .speech = state { return true }
    return false
  }

  /// Takes one frame of 20 ms.
  ///
  /// - Parameter loudness: Mean absolute sample; 0 for silence.
  mutating func take(loudness: Int) -> Change? {
    milliseconds += AudioFrame.milliseconds
    let isLoud = Double(loudness) > max(0.01, settings.threshold) * VoiceActivityDetector.fullScale
    switch state {
    case .silence(let loudFrames):
      guard isLoud else {
        state = .silence(loudFrames: 0)
        return nil
      }
      guard loudFrames + 1 >= VoiceActivityDetector.framesToStart else {
        state = .silence(loudFrames: loudFrames + 1)
        return nil
      }
      state = .speech(silentMilliseconds: 0)
      let speechBegan = milliseconds - VoiceActivityDetector.framesToStart * AudioFrame.milliseconds
      return .started(atMilliseconds: max(0, speechBegan - settings.prefixPaddingMilliseconds))
    case .speech(let silent):
      let silence = isLoud ? 0 : silent + AudioFrame.milliseconds
      guard silence >= settings.silenceDurationMilliseconds else {
        state = .speech(silentMilliseconds: silence)
        return nil
      }
      state = .silence(loudFrames: 0)
      return .stopped(atMilliseconds: milliseconds)
    }
  }

  /// Forgets a turn under way.
  mutating func reset() {
    state = .silence(loudFrames: 0)
  }
}
