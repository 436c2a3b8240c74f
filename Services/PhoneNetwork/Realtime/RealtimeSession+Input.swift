import Core
import JSON

/// Audio that the client sent: what was understood in it since the last commit.
struct InputBuffer: Sendable {
  private var decoder = SpeechDecoder()
  private var detector: VoiceActivityDetector
  private var decoded: [UInt8] = []
  private var isDetecting: Bool
  var words: [HeardWord] = []
  /// Words whose first frame came, for measuring how long audio travels.
  var startedWords: [UInt64] = []
  /// Since the last commit.
  private(set) var bufferedMilliseconds = 0
  /// The item that the turn under way will become.
  var turnItem: String?

  init(detection: VoiceActivityDetector.Settings?) {
    detector = VoiceActivityDetector(detection ?? .init())
    isDetecting = detection != nil
  }

  var milliseconds: Int { detector.milliseconds }
  var isSpeech: Bool { detector.isSpeech }

  var detection: VoiceActivityDetector.Settings? {
    get { isDetecting ? detector.settings : nil }
    set {
      isDetecting = newValue != nil
      if let newValue { detector.settings = newValue } else { detector.reset() }
    }
  }

  /// Adds base 64 audio and returns what changed, frame by frame; nil when it is not base 64.
  mutating func append(base64: ArraySlice<UInt8>, _ change: (VoiceActivityDetector.Change?) -> Void) -> Bool {
    let isDecoded = base64.withUnsafeBytes { Base64.append(decoding: $0, to: &decoded) }
    guard isDecoded else { return false }
    var position = 0
    decoded.withUnsafeBufferPointer { audio in
      while audio.count - position >= AudioFrame.bytes {
        let frame = UnsafeBufferPointer(rebasing: audio[position..<(position + AudioFrame.bytes)])
        position += AudioFrame.bytes
        bufferedMilliseconds += AudioFrame.milliseconds
        let isSilent = MuLaw.isSilent(frame)
        if !isSilent {
          if let word = SpeechFrame.startedWord(in: frame) { startedWords.append(word) }
          decoder.read(frame, into: &words)
        }
        let found = detector.take(loudness: isSilent ? 0 : MuLaw.loudness(frame))
        if isDetecting { change(found) }
      }
    }
    decoded.removeFirst(position)
    return true
  }

  /// Takes the words of the turn.
  mutating func commit() -> String {
    defer { clear() }
    return words.map(\.text).joined(separator: " ")
  }

  mutating func clear() {
    words.removeAll(keepingCapacity: true)
    bufferedMilliseconds = 0
    turnItem = nil
  }
}

extension RealtimeSession {
  mutating func append(base64: ArraySlice<UInt8>, at now: Instant) {
    guard input.milliseconds < RealtimeSession.longestMilliseconds else {
      fail(
        RealtimeFault(code: "session_expired", message: "Your session hit the maximum duration of 60 minutes."),
        event: .null)
      return
    }
    var changes: [VoiceActivityDetector.Change] = []
    let isAudio = input.append(base64: base64) { if let change = $0 { changes.append(change) } }
    guard isAudio else {
      fail(.invalid("audio", "The audio is not base 64."), event: .null)
      return
    }
    for change in changes { turnChanged(change, at: now) }
    detectIdleTime(at: now)
  }

  private mutating func turnChanged(_ change: VoiceActivityDetector.Change, at now: Instant) {
    switch change {
    case .started(let milliseconds):
      let item = nextID("item")
      input.turnItem = item
      emit("input_audio_buffer.speech_started") {
        $0.member("audio_start_ms", milliseconds)
        $0.member("item_id", item)
      }
      if settings.turnDetection?.interruptsResponse == true, response != nil { finishResponse(.turnDetected) }
    case .stopped(let milliseconds):
      let item = input.turnItem ?? nextID("item")
      emit("input_audio_buffer.speech_stopped") {
        $0.member("audio_end_ms", milliseconds)
        $0.member("item_id", item)
      }
      commit(as: item)
      guard settings.turnDetection?.createsResponse == true else { return }
      if response == nil { startResponse(ResponseRequest(), at: now) } else { owesResponse = true }
    }
  }

  mutating func commitByClient(at now: Instant) throws(RealtimeFault) {
    guard input.bufferedMilliseconds >= 100 else {
      throw RealtimeFault(
        code: "input_audio_buffer_commit_empty",
        message: "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer "
          + "only has \(input.bufferedMilliseconds)ms of audio.")
    }
    commit(as: input.turnItem ?? nextID("item"))
  }

  /// Makes the buffered audio an item of the conversation.
  private mutating func commit(as item: String) {
    let seconds = Double(input.bufferedMilliseconds) / 1_000
    inputAudioTokens += input.bufferedMilliseconds / 100
    let transcript = input.commit()
    add(RealtimeItem(id: item, status: .completed, content: .heard(transcript: transcript)), isCommit: true)
    guard !settings.transcription.isNull else { return }
    let type = "conversation.item.input_audio_transcription"
    if !transcript.isEmpty {
      emit("\(type).delta") {
        $0.member("item_id", item)
        $0.member("content_index", 0)
        $0.member("delta", transcript)
      }
    }
    emit("\(type).completed") {
      $0.member("item_id", item)
      $0.member("content_index", 0)
      $0.member("transcript", transcript)
      $0.member("usage", ["type": "duration", "seconds": .number(seconds)])
    }
  }

  /// After the idle time without a word, the model speaks up.
  private mutating func detectIdleTime(at now: Instant) {
    guard let idle = settings.turnDetection?.idleTimeoutMilliseconds, let played = playedUntilMilliseconds,
      response == nil, !input.isSpeech, input.milliseconds >= played + idle
    else { return }
    playedUntilMilliseconds = nil
    let item = nextID("item")
    let end = input.milliseconds
    emit("input_audio_buffer.timeout_triggered") {
      $0.member("audio_start_ms", played)
      $0.member("audio_end_ms", end)
      $0.member("item_id", item)
    }
    _ = input.commit()
    add(RealtimeItem(id: item, status: .completed, content: .silence), isCommit: true)
    startResponse(ResponseRequest(), at: now)
  }

  /// Appends an item and tells of it.
  ///
  /// - Parameter isCommit: It comes from the input buffer.
  mutating func add(_ item: RealtimeItem, isCommit: Bool = false) {
    let previous = items.last.map { JSONValue.string($0.id) } ?? .null
    if isCommit {
      emit("input_audio_buffer.committed") {
        $0.member("previous_item_id", previous)
        $0.member("item_id", item.id)
      }
    }
    items.append(item)
    for type in ["conversation.item.added", "conversation.item.done"] {
      emit(type) {
        $0.member("previous_item_id", previous)
        $0.member("item", item.json())
      }
    }
  }
}
