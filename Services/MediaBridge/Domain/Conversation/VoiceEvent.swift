/// What a voice engine tells of a conversation, whichever engine it is.
enum VoiceEvent: Hashable, Sendable {
  /// The engine has taken its instructions and listens.
  case ready
  case audio(AgentAudio)
  /// All audio of the item was sent.
  case audioDone(item: String)
  /// More of what the agent says in the item.
  case agentWords(item: String, String)
  /// All that the agent says in the item.
  case agentText(item: String, String)
  /// An item took its place in the conversation: after `previous`, or first. `speaker` is nil for what nobody says.
  case itemAdded(item: String, previous: String?, speaker: Speaker?)
  /// The person's turn is over and will be transcribed.
  case committed(item: String, previous: String?)
  /// What the person said in the item; nil when it could not be made out.
  case personText(item: String, String?)
  /// The person began to speak, `at` milliseconds into the audio that the engine was given.
  case speechStarted(item: String, at: Int)
  case speechStopped(item: String, at: Int)
  /// The person said nothing for so long that the engine takes it as a turn, under this item.
  case idled(item: String)
  case responseStarted
  case responseEnded(failed: Bool, EngineUsage)
  /// `reason` is the argument of that name, empty when there is none.
  case toolCall(id: String, name: String, reason: String)
  /// The engine complains; the session goes on.
  case problem(code: String, message: String)
  case ignored
}

enum Speaker: String, Hashable, Sendable, CaseIterable {
  case agent
  case person
}

/// Audio of the agent, with the bytes that name its item.
struct AgentAudio: Hashable, Sendable {
  var payload: AudioPayload
  /// The item's id, in the payload's message.
  var item: Range<Int>

  var itemID: String { String(decoding: payload.message[item], as: UTF8.self) }
}

/// Tokens that the engine counted.
struct EngineUsage: Hashable, Sendable {
  var inputTokens: Int64 = 0
  var outputTokens: Int64 = 0

  static func += (left: inout EngineUsage, right: EngineUsage) {
    left.inputTokens &+= right.inputTokens
    left.outputTokens &+= right.outputTokens
  }
}
