import Core

/// The engine's side.
extension Conversation {
  enum AudioVerdict: Hashable, Sendable {
    case play
    case playAndMark(String)
    /// It belongs to something that was interrupted, or the call is over.
    case drop
  }

  private static let cutLimit = 256
  private static let latencyLimit = 1_000
  private static let untranscribedLimit = 256

  /// The agent speaks. Comes with every piece of its audio.
  mutating func agentAudio(_ audio: AgentAudio, at now: Instant) -> AudioVerdict {
    switch phase {
    case .talking, .closing(_, _, isMute: false): break
    case .waiting, .closing(_, _, isMute: true), .over: return .drop
    }
    let item = audio.payload.message[audio.item]
    if !playback.isCurrent(item), cut.contains(Array(item)) { return .drop }
    let (startsAt, step) = playback.add(item, bytes: audio.payload.byteCount, at: time)
    if let startsAt {
      let id = audio.itemID
      transcript.began(id, speaker: .agent, at: startsAt)
      if let turnEndedAt, latencies.count < Self.latencyLimit {
        latencies.append(Int32(clamping: turnEndedAt.duration(to: now).microseconds / 1_000))
      }
      turnEndedAt = nil
    }
    if case .mark(let name) = step { return .playAndMark(name) }
    return .play
  }

  mutating func handle(_ event: VoiceEvent, at now: Instant) -> [Command] {
    switch event {
    case .ready:
      isReady = true
      lastSound = time
      return greetWhenPossible()
    case .audio, .ignored:
      return []
    case .audioDone(let item):
      return finishAudio(item)
    case .agentWords(let item, let words):
      transcript.add(words, to: item)
    case .agentText(let item, let text):
      transcript.set(text, of: item, speaker: .agent)
    case .itemAdded(let item, let previous, let speaker):
      transcript.place(item, after: previous, speaker: speaker)
    case .committed(let item, let previous):
      transcript.place(item, after: previous, speaker: .person)
      if item != idled, untranscribed.count < Self.untranscribedLimit { untranscribed.insert(item) }
      awaitsCommit = false
    case .personText(let item, let text):
      transcript.set(text ?? "", of: item, speaker: .person)
      untranscribed.remove(item)
    case .speechStarted(let item, let at):
      return personBegan(item, at: at)
    case .speechStopped(let item, let at):
      isPersonSpeaking = false
      lastSound = time
      turnEndedAt = now
      transcript.ended(item, speaker: .person, at: callTime(at))
    case .idled(let item):
      idled = item
      untranscribed.remove(item)
    case .responseStarted:
      isResponding = true
    case .responseEnded(let failed, let usage):
      return responseEnded(failed: failed, usage)
    case .toolCall(let id, let name, let reason):
      return toolCall(id: id, name: name, reason: reason)
    case .problem(let code, _):
      if code == "input_audio_buffer_commit_empty" { awaitsCommit = false }
    }
    return []
  }

  /// The engine's connection ended.
  mutating func engineLost() -> [Command] {
    isReady = false
    isResponding = false
    awaitsCommit = false
    untranscribed.removeAll()
    return isStreaming ? end(.engineLost) : []
  }

  private mutating func personBegan(_ item: String, at: Int) -> [Command] {
    isPersonSpeaking = true
    lastSound = time
    turnEndedAt = nil
    transcript.began(item, speaker: .person, at: callTime(at))
    // A goodbye is not interrupted: the call would go on without end.
    guard phase == .talking, playback.isPlaying(at: time) else { return [] }
    var commands: [Command] = []
    for part in playback.interrupt(at: time) {
      finish(part)
      if cut.count < Self.cutLimit { cut.insert(Array(part.item.utf8)) }
      commands.append(.cut(item: part.item, heard: part.heard))
    }
    return commands + [.clear]
  }

  private mutating func finishAudio(_ item: String) -> [Command] {
    switch playback.finish(item) {
    case .none: return []
    case .mark(let name): return [.mark(name)]
    case .played:
      transcript.played(item, at: time)
      return closeWhenHeard()
    }
  }

  private mutating func responseEnded(failed: Bool, _ spent: EngineUsage) -> [Command] {
    isResponding = false
    usage += spent
    failures = failed ? failures + 1 : 0
    switch phase {
    case .closing(let reason, let since, _):
      phase = .closing(reason, since: since, isMute: true)
      return closeWhenHeard()
    case .talking:
      if failures >= Self.failureLimit { return end(.engineLost) }
      guard failed || repliesAfterResponse else { return [] }
      repliesAfterResponse = false
      return [.reply]
    case .waiting, .over:
      return []
    }
  }

  private mutating func toolCall(id: String, name: String, reason: String) -> [Command] {
    // Heard at any time: what the person wants holds even when the call is about to end.
    let optOut: [Command] = name == Self.endCallTool && reason == Self.optOutReason ? [.tellOptOut] : []
    guard phase == .talking else { return optOut }
    if name == Self.endCallTool {
      phase = .closing(.endCall, since: time, isMute: false)
      return optOut + closeWhenHeard()
    }
    repliesAfterResponse = true
    return [.answerTool(id: id, output: #"{"error":"There is no such function."}"#)]
  }

  /// The call's time of a moment in the audio that the engine was given.
  private func callTime(_ engineMilliseconds: Int) -> Int {
    max(0, time - max(engineTime - engineMilliseconds, 0))
  }
}
