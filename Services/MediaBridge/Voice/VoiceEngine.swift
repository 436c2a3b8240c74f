/// Holds conversations by voice.
protocol VoiceEngine: Sendable {
  /// Opens a session for one call. Returns once it is connected; `VoiceEvent.ready` tells when it listens.
  ///
  /// Throws: when the engine cannot be reached or refuses. Try again.
  func open(_ script: CallScript) async throws -> any VoiceSession
}

/// One conversation with the engine. One task takes its events; any number may tell it things.
protocol VoiceSession: Sendable {
  /// The next event; nil when the session has ended, in whatever way.
  func next() async throws -> VoiceEvent?

  /// Audio in: the person's. `buffer` is for the session to write in and belongs to the caller, one a direction.
  func hear(_ audio: AudioPayload, buffer: inout [UInt8]) async throws

  /// Says something now; `instructions` are for this once.
  func speak(instructions: String?) async throws

  /// Of this item only so much was heard; the engine forgets the rest.
  func interrupt(item: String, heardMilliseconds: Int) async throws

  /// Takes what was heard so far as a turn, without waiting for silence.
  func commitSpeech() async throws

  /// What a function gave that the engine called.
  func answerTool(id: String, output: String) async throws

  func close() async
}
