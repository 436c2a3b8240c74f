import Core

/// The carrier's side: the person's audio, and what became of the agent's.
extension Conversation {
  /// The call was answered and its audio flows.
  mutating func streamStarted() -> [Command] {
    isStreaming = true
    return greetWhenPossible()
  }

  /// Audio of the person arrived. Comes fifty times a second.
  ///
  /// - Parameter timestamp: Its place in the call, in milliseconds, when the carrier gave it.
  /// - Returns: Whether the engine should hear it, and what else must be done.
  mutating func personAudio(bytes: Int, timestamp: Int?) -> (forward: Bool, commands: [Command]) {
    let length = bytes / AudioPayload.bytesPerMillisecond
    // A timestamp that jumps is taken for a fault of the sender, not for hours of talk.
    let next = timestamp.flatMap { abs($0 - time) < 60_000 ? $0 : nil } ?? time + length
    time = max(time, next)
    guard isReady else { return (false, []) }
    engineTime += length
    // Until the carrier hangs up the person may say something that counts.
    if phase == .over { return (isStreaming, []) }
    if time >= terms.maxDuration { return (true, end(.maxDuration)) }
    if case .closing = phase { return (true, closeWhenHeard()) }
    if !isPersonSpeaking, time - max(lastSound, playback.end) >= terms.silenceLimit { return (true, end(.silence)) }
    return (true, [])
  }

  /// The carrier played what was sent before the mark, or threw it away.
  mutating func markReached(_ mark: String) -> [Command] {
    for item in playback.reached(mark, at: time) { transcript.played(item, at: time) }
    return closeWhenHeard()
  }

  /// The call is over for the carrier.
  mutating func streamEnded() -> [Command] {
    guard isStreaming else { return [] }
    isStreaming = false
    phase = .over
    for part in playback.interrupt(at: time) { finish(part) }
    guard isPersonSpeaking else { return [] }
    // Their last words were not followed by the silence that ends a turn.
    isPersonSpeaking = false
    awaitsCommit = true
    return [.commitSpeech]
  }

  /// A line of the agent's that the call's end, or the person, cut short.
  mutating func finish(_ part: Playback.Interrupted) {
    if part.heard >= part.sent {
      transcript.played(part.item, at: time)
    } else {
      transcript.cut(part, at: time)
    }
  }
}
