/// Whether a person or a machine answered: Twilio's answering-machine detection, asynchronous, by the sound of the
/// answering end alone. Pure; counts audio time.
struct MachineDetection: Hashable, Sendable {
  enum Mode: String, Hashable, Sendable {
    /// Decides as soon as possible.
    case enable = "Enable"
    /// Waits for the end of a machine's greeting.
    case detectMessageEnd = "DetectMessageEnd"
  }

  enum Verdict: String, Hashable, Sendable {
    case human
    case machineStart = "machine_start"
    case machineEndBeep = "machine_end_beep"
    case machineEndSilence = "machine_end_silence"
    case unknown
  }

  enum Sound: Hashable, Sendable { case silence, speech, tone }

  private enum State: Hashable, Sendable {
    case waiting
    /// Somebody speaks, or paused `silence` frames ago.
    case speech(since: Int, silence: Int)
    /// Spoke longer than a person would; the end of the greeting is awaited.
    case greeting(silence: Int)
    case beep(frames: Int)
    case decided
  }

  /// A beep lasts at least 160 ms.
  private static let beepFrames = 8

  var mode: Mode
  var callback: WebhookTarget?
  private var timeout = AudioFrame.count(in: .seconds(30))
  private var speechThreshold = AudioFrame.count(milliseconds: 2_400)
  private var speechEndThreshold = AudioFrame.count(milliseconds: 1_200)
  private var silenceTimeout = AudioFrame.count(milliseconds: 5_000)
  private var state = State.waiting
  private(set) var frames = 0

  init(mode: Mode) {
    self.mode = mode
  }

  /// The parameters of a create request; nil when it asks for none.
  init?(_ form: FormFields) throws(TwilioError) {
    guard let text = form["MachineDetection"], !text.isEmpty else { return nil }
    guard let mode = Mode(rawValue: text) else { throw .invalid(21263, "MachineDetection", text) }
    guard form["AsyncAmd"] == "true" else {
      throw .invalid(21263, "AsyncAmd", "this network detects machines beside the call only, AsyncAmd=true")
    }
    self.init(mode: mode)
    callback = try CreateCall.target(
      form, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", code: 21205)
    func frames(_ name: String, _ range: ClosedRange<Int>, _ standard: Int, unit: Int) throws(TwilioError) -> Int {
      let value = try CreateCall.integer(form, "MachineDetection" + name, in: range, default: standard, code: 21263)
      return AudioFrame.count(milliseconds: value * unit)
    }
    timeout = try frames("Timeout", 3...59, 30, unit: 1_000)
    speechThreshold = try frames("SpeechThreshold", 1_000...6_000, 2_400, unit: 1)
    speechEndThreshold = try frames("SpeechEndThreshold", 500...5_000, 1_200, unit: 1)
    silenceTimeout = try frames("SilenceTimeout", 2_000...10_000, 5_000, unit: 1)
  }

  var isDecided: Bool { state == .decided }

  /// From the answer to now, or to the verdict.
  var duration: Duration { AudioFrame.duration(of: frames) }

  /// Hears one frame; the verdict comes once.
  mutating func hear(_ sound: Sound) -> Verdict? {
    guard state != .decided else { return nil }
    frames += 1
    guard let verdict = next(sound) ?? (frames >= timeout ? .unknown : nil) else { return nil }
    state = .decided
    return verdict
  }

  private mutating func next(_ sound: Sound) -> Verdict? {
    switch state {
    case .waiting:
      if sound != .silence { state = .speech(since: frames, silence: 0) }
      return sound == .silence && frames >= silenceTimeout ? .unknown : nil
    case .speech(let since, let silence):
      let quiet = sound == .silence ? silence + 1 : 0
      if frames - since - quiet > speechThreshold {
        state = .greeting(silence: quiet)
        return mode == .enable ? .machineStart : nil
      }
      state = .speech(since: since, silence: quiet)
      return quiet >= speechEndThreshold ? .human : nil
    case .greeting(let silence):
      if sound == .tone {
        state = .beep(frames: 1)
        return nil
      }
      let quiet = sound == .silence ? silence + 1 : 0
      state = .greeting(silence: quiet)
      return quiet >= speechEndThreshold ? .machineEndSilence : nil
    case .beep(let length):
      if sound == .tone {
        state = .beep(frames: length + 1)
        return nil
      }
      if length >= MachineDetection.beepFrames { return .machineEndBeep }
      state = .greeting(silence: 0)
      return nil
    case .decided: return nil
    }
  }
}

extension MachineDetection.Verdict {
  /// The mistake that a detector would make instead.
  var opposite: MachineDetection.Verdict {
    switch self {
    case .human: .machineEndSilence
    case .machineStart, .machineEndBeep, .machineEndSilence: .human
    case .unknown: .unknown
    }
  }
}
