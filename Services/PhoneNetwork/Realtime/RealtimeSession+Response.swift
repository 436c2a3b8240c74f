import Core
import JSON

/// What a `response.create` asks for beyond the session's settings.
struct ResponseRequest: Hashable, Sendable {
  var instructions: String?
  var metadata = JSONValue.null
  /// Nil takes the session's.
  var tools: [SessionSettings.Tool]?
  var toolChoice: JSONValue?

  init() {}

  init(_ json: JSONValue) throws(RealtimeFault) {
    guard let object = json.objectValue else { throw .invalid("response", "Expected an object, got \(json.kind).") }
    for (key, value) in object {
      let path = "response.\(key)"
      switch key {
      case "instructions": instructions = try SessionSettings.string(value, path)
      case "metadata": metadata = value
      case "tools": tools = try SessionSettings.tools(value, path)
      case "tool_choice": toolChoice = value
      case "conversation":
        guard value == "auto" else { throw .invalid(path, "Supported values are: 'auto'.") }
      case "output_modalities":
        guard value == ["audio"] else { throw .invalid(path, "Supported values are: ['audio'].") }
      case "max_output_tokens": _ = try SessionSettings.tokenLimit(value, path)
      case "audio", "parallel_tool_calls", "reasoning", "prompt": break
      default: throw .unknown(path)
      }
    }
  }
}

/// A response that is being made.
struct ActiveResponse: Sendable {
  let id: String
  let message: String
  let metadata: JSONValue
  let act: AgentDialogue.Act
  /// Ends the call when the words are out.
  let endsCall: Bool
  let inputTokens: (text: Int, audio: Int)
  var player: SpeechPlayer
  /// Words whose transcript went out.
  var transcribedWords = 0
  var hasBegun = false
  var nextChunkAt: Instant
}

extension RealtimeSession {
  enum ResponseEnd: Hashable, Sendable { case completed, turnDetected, clientCancelled, tokenLimit }

  /// The model's own speed: it begins after this, and then makes speech five times as fast as it is spoken.
  private enum Making {
    static let firstDelay = Duration.milliseconds(180)
    static let chunkFrames = 10
    static let chunkInterval = Duration.milliseconds(40)
  }

  /// Audio tokens of the model's speech: one for 50 ms.
  private static func audioTokens(frames: Int) -> Int { frames * AudioFrame.milliseconds / 50 }

  mutating func createResponse(_ json: JSONValue, at now: Instant) throws(RealtimeFault) {
    if let active = response {
      throw RealtimeFault(
        code: "conversation_already_has_active_response",
        message: "Conversation already has an active response in progress: \(active.id). "
          + "Wait until the response is finished before creating a new one.")
    }
    startResponse(try ResponseRequest(json), at: now)
  }

  mutating func cancelResponse(_ event: JSONValue) throws(RealtimeFault) {
    guard let active = response, [nil, active.id].contains(event["response_id"]?.stringValue) else {
      throw RealtimeFault(
        code: "response_cancel_not_active", message: "Cancellation failed: no active response found")
    }
    finishResponse(.clientCancelled)
  }

  mutating func startResponse(_ request: ResponseRequest, at now: Instant) {
    let dialogue = AgentDialogue(brief: AgentBrief(instructions: settings.instructions))
    let turn = dialogue.next(after: items.compactMap(\.entry), directive: request.instructions)
    let canEnd =
      (request.tools ?? settings.tools).contains { $0.name == "end_call" }
      && (request.toolChoice ?? settings.toolChoice) != "none"
    let id = nextID("resp")
    let textTokens = items.reduce(RealtimeItem.tokens(settings.instructions)) { $0 + $1.textTokens }
    let utterance = UInt32(truncatingIfNeeded: hash64(id))
    response = ActiveResponse(
      id: id, message: nextID("item"), metadata: request.metadata, act: turn.act,
      endsCall: canEnd && turn.act.closes != nil, inputTokens: (textTokens, inputAudioTokens),
      player: SpeechPlayer(SpeechPlan(turn.text, utterance: utterance, pace: settings.speed)),
      nextChunkAt: now + Making.firstDelay)
    owesResponse = false
    playedUntilMilliseconds = nil
    let shown = responseJSON(
      id: id, status: "in_progress", details: nil, metadata: request.metadata, output: [], usage: nil)
    emit("response.created") { $0.member("response", shown) }
    emit("rate_limits.updated") {
      $0.member(
        "rate_limits",
        [
          ["name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006],
          ["name": "tokens", "limit": 10_000_000, "remaining": 9_990_000, "reset_seconds": 0.06],
        ])
    }
  }

  /// Puts out the next 200 ms of speech, and the end of the response behind the last.
  mutating func generateChunk(at now: Instant) {
    guard var active = response else { return }
    if !active.hasBegun {
      active.hasBegun = true
      beginMessage(active)
    }
    var audio: [UInt8] = []
    let start = active.player.position
    let limit = settings.maximumOutputTokens ?? .max
    while active.player.position < start + Making.chunkFrames, !active.player.isFinished {
      if !active.player.appendFrame(to: &audio) { audio.append(contentsOf: AudioFrame.silent) }
    }
    let words = active.player.plan.words.prefix { $0.start < active.player.position }
    let delta = words[active.transcribedWords...].map(\.text).joined(separator: " ")
    let text = active.transcribedWords > 0 && !delta.isEmpty ? " " + delta : delta
    active.transcribedWords = words.count
    active.nextChunkAt += Making.chunkInterval
    if !audio.isEmpty { emitAudio(audio, transcript: text, of: active) }
    setSpoken(active.player.position, of: active.message)
    response = active
    if RealtimeSession.audioTokens(frames: active.player.position) >= limit {
      finishResponse(.tokenLimit)
    } else if active.player.isFinished {
      finishResponse(.completed)
      if owesResponse { startResponse(ResponseRequest(), at: now) }
    }
  }

  private mutating func beginMessage(_ active: ActiveResponse) {
    hasSpoken = true
    playedUntilMilliseconds = input.milliseconds + active.player.plan.frameCount * AudioFrame.milliseconds
    let item = RealtimeItem(
      id: active.message, status: .inProgress,
      content: .speech(plan: active.player.plan, act: active.act, spokenFrames: 0, heardFrames: nil))
    begin(item, outputIndex: 0, of: active.id)
    emit("response.content_part.added") {
      RealtimeSession.writePlace(active, to: &$0)
      $0.member("part", ["type": "audio", "transcript": ""])
    }
  }

  /// Tells of an output item that begins, and adds it to the conversation.
  private mutating func begin(_ item: RealtimeItem, outputIndex: Int, of response: String) {
    let previous = items.last.map { JSONValue.string($0.id) } ?? .null
    let shown = item.json(isEmpty: true)
    items.append(item)
    emit("response.output_item.added") {
      $0.member("response_id", response)
      $0.member("output_index", outputIndex)
      $0.member("item", shown)
    }
    emit("conversation.item.added") {
      $0.member("previous_item_id", previous)
      $0.member("item", shown)
    }
  }

  private mutating func emitAudio(_ audio: [UInt8], transcript: String, of active: ActiveResponse) {
    if !transcript.isEmpty {
      emit("response.output_audio_transcript.delta") {
        RealtimeSession.writePlace(active, to: &$0)
        $0.member("delta", transcript)
      }
    }
    emit("response.output_audio.delta") {
      RealtimeSession.writePlace(active, to: &$0)
      $0.key("delta")
      $0.base64(audio)
    }
  }

  private static func writePlace(_ active: ActiveResponse, to writer: inout JSONWriter) {
    writer.member("response_id", active.id)
    writer.member("item_id", active.message)
    writer.member("output_index", 0)
    writer.member("content_index", 0)
  }

  private mutating func setSpoken(_ frames: Int, of id: String) {
    guard let index = items.lastIndex(where: { $0.id == id }),
      case .speech(let plan, let act, _, let heard) = items[index].content
    else { return }
    items[index].content = .speech(plan: plan, act: act, spokenFrames: frames, heardFrames: heard)
  }

  // MARK: End

  /// Ends the running response: the events that close what it began, and `response.done`.
  mutating func finishResponse(_ end: ResponseEnd) {
    guard let active = response else { return }
    response = nil
    var output: [JSONValue] = []
    if active.hasBegun, let item = endMessage(active, isComplete: end == .completed) { output.append(item) }
    if end == .completed, active.endsCall { output.append(callFunction(active)) }
    let status: String
    let details: JSONValue
    switch end {
    case .completed: (status, details) = ("completed", nil)
    case .turnDetected: (status, details) = ("cancelled", ["type": "cancelled", "reason": "turn_detected"])
    case .clientCancelled: (status, details) = ("cancelled", ["type": "cancelled", "reason": "client_cancelled"])
    case .tokenLimit: (status, details) = ("incomplete", ["type": "incomplete", "reason": "max_output_tokens"])
    }
    let shown = responseJSON(
      id: active.id, status: status, details: details, metadata: active.metadata, output: output,
      usage: usage(of: active))
    emit("response.done") { $0.member("response", shown) }
  }

  private mutating func endMessage(_ active: ActiveResponse, isComplete: Bool) -> JSONValue? {
    guard let index = items.lastIndex(where: { $0.id == active.message }) else { return nil }
    items[index].status = isComplete ? .completed : .incomplete
    let words = active.player.plan.words.prefix(active.transcribedWords)
    let transcript = words.map(\.text).joined(separator: " ")
    let previous = index > 0 ? JSONValue.string(items[index - 1].id) : .null
    let item = items[index].json()
    emit("response.output_audio.done") { RealtimeSession.writePlace(active, to: &$0) }
    emit("response.output_audio_transcript.done") {
      RealtimeSession.writePlace(active, to: &$0)
      $0.member("transcript", transcript)
    }
    emit("response.content_part.done") {
      RealtimeSession.writePlace(active, to: &$0)
      $0.member("part", ["type": "audio", "transcript": .string(transcript)])
    }
    end(item, outputIndex: 0, previous: previous, of: active.id)
    return item
  }

  /// Calls `end_call` with the reason, as the second output of the response.
  private mutating func callFunction(_ active: ActiveResponse) -> JSONValue {
    let arguments = (["reason": .string(active.act.closes ?? "")] as JSONValue).serialize()
    let callID = nextID("call")
    let item = RealtimeItem(
      id: nextID("item"), status: .inProgress,
      content: .functionCall(name: "end_call", callID: callID, arguments: arguments))
    let previous = items.last.map { JSONValue.string($0.id) } ?? .null
    begin(item, outputIndex: 1, of: active.id)
    for isDone in [false, true] {
      emit("response.function_call_arguments.\(isDone ? "done" : "delta")") {
        $0.member("response_id", active.id)
        $0.member("item_id", item.id)
        $0.member("output_index", 1)
        $0.member("call_id", callID)
        if isDone { $0.member("name", "end_call") }
        $0.member(isDone ? "arguments" : "delta", arguments)
      }
    }
    items[items.count - 1].status = .completed
    let done = items[items.count - 1].json()
    end(done, outputIndex: 1, previous: previous, of: active.id)
    return done
  }

  private mutating func end(_ item: JSONValue, outputIndex: Int, previous: JSONValue, of response: String) {
    emit("response.output_item.done") {
      $0.member("response_id", response)
      $0.member("output_index", outputIndex)
      $0.member("item", item)
    }
    emit("conversation.item.done") {
      $0.member("previous_item_id", previous)
      $0.member("item", item)
    }
  }

  private func usage(of active: ActiveResponse) -> JSONValue {
    let words = active.player.plan.words.prefix(active.transcribedWords).map(\.text).joined(separator: " ")
    let text = RealtimeItem.tokens(words)
    let audio = RealtimeSession.audioTokens(frames: active.player.position)
    let inputs = active.inputTokens
    return [
      "total_tokens": JSONValue(inputs.text + inputs.audio + text + audio),
      "input_tokens": JSONValue(inputs.text + inputs.audio), "output_tokens": JSONValue(text + audio),
      "input_token_details": [
        "text_tokens": JSONValue(inputs.text), "audio_tokens": JSONValue(inputs.audio), "image_tokens": 0,
        "cached_tokens": 0, "cached_tokens_details": ["text_tokens": 0, "audio_tokens": 0, "image_tokens": 0],
      ],
      "output_token_details": ["text_tokens": JSONValue(text), "audio_tokens": JSONValue(audio)],
    ]
  }

  private func responseJSON(
    id: String, status: String, details: JSONValue, metadata: JSONValue, output: [JSONValue], usage: JSONValue
  ) -> JSONValue {
    [
      "object": "realtime.response", "id": .string(id), "status": .string(status), "status_details": details,
      "output": .array(output), "conversation_id": .string(conversationID), "output_modalities": ["audio"],
      "max_output_tokens": SessionSettings.json(tokenLimit: settings.maximumOutputTokens),
      "audio": ["output": ["format": ["type": "audio/pcmu"], "voice": settings.voice]],
      "usage": usage, "metadata": metadata,
    ]
  }
}
