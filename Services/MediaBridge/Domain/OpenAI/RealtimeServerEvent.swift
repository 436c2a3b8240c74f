import JSON

/// Reads what OpenAI's Realtime interface sends (protocol reference 4.4).
enum RealtimeServerEvent {
  /// The longest id that is taken for real.
  private static let idLimit = 256

  /// Nil when the message is not an event.
  static func parse(_ message: [UInt8]) -> VoiceEvent? {
    audio(message) ?? slow(message)
  }

  /// The fast path: audio, and nothing else.
  private static func audio(_ message: [UInt8]) -> VoiceEvent? {
    message.withUnsafeBytes { bytes in
      var scanner = MessageScanner(bytes)
      var isAudio = false
      var item: Range<Int>?
      var delta: Range<Int>?
      while let member = scanner.next() {
        guard member.depth == 1 else { return nil }
        if scanner.matches(member.key, "type") {
          guard scanner.matches(member.value, "response.output_audio.delta") else { return nil }
          isAudio = true
        } else if scanner.matches(member.key, "item_id"), member.isString {
          item = member.value
        } else if scanner.matches(member.key, "delta"), member.isString {
          delta = member.value
        }
      }
      guard scanner.isWhole, isAudio, let item, let delta, item.count <= idLimit else { return nil }
      return .audio(AgentAudio(payload: AudioPayload(message: message, range: delta), item: item))
    }
  }

  private static func slow(_ message: [UInt8]) -> VoiceEvent? {
    guard let event = try? JSONValue.parse(message), let type = event["type"]?.stringValue else { return nil }
    switch type {
    case "session.updated": return .ready
    case "response.created": return .responseStarted
    case "response.done": return responseDone(event["response"])
    case "response.output_item.done": return outputItemDone(event["item"])
    case "conversation.item.added": return itemAdded(event)
    case "error": return problem(event["error"])
    case "response.output_audio.delta":
      guard let item = id(event["item_id"]), let delta = event["delta"]?.stringValue else { return nil }
      return audio(item: item, delta: delta)
    default: return itemEvent(type, event)
    }
  }

  /// Events that are about one item.
  private static func itemEvent(_ type: String, _ event: JSONValue) -> VoiceEvent? {
    let milliseconds = { (name: String) in min(max(event[name]?.intValue ?? 0, 0), 100_000_000) }
    switch type {
    case "input_audio_buffer.speech_started":
      return id(event["item_id"]).map { .speechStarted(item: $0, at: milliseconds("audio_start_ms")) }
    case "input_audio_buffer.speech_stopped":
      return id(event["item_id"]).map { .speechStopped(item: $0, at: milliseconds("audio_end_ms")) }
    case "input_audio_buffer.timeout_triggered":
      return id(event["item_id"]).map { .idled(item: $0) }
    case "input_audio_buffer.committed":
      return id(event["item_id"]).map { .committed(item: $0, previous: id(event["previous_item_id"])) }
    case "conversation.item.input_audio_transcription.completed":
      return id(event["item_id"]).map { .personText(item: $0, event["transcript"]?.stringValue) }
    case "conversation.item.input_audio_transcription.failed":
      return id(event["item_id"]).map { .personText(item: $0, nil) }
    case "response.output_audio.done":
      return id(event["item_id"]).map { .audioDone(item: $0) }
    case "response.output_audio_transcript.delta":
      return id(event["item_id"]).map { .agentWords(item: $0, event["delta"]?.stringValue ?? "") }
    case "response.output_audio_transcript.done":
      return id(event["item_id"]).map { .agentText(item: $0, event["transcript"]?.stringValue ?? "") }
    default:
      return .ignored
    }
  }

  private static func id(_ value: JSONValue?) -> String? {
    guard let text = value?.stringValue, !text.isEmpty, text.utf8.count <= idLimit else { return nil }
    return text
  }

  private static func audio(item: String, delta: String) -> VoiceEvent? {
    let payload = Array(delta.utf8)
    guard payload.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
      return nil
    }
    let name = Array(item.utf8)
    return .audio(
      AgentAudio(
        payload: AudioPayload(message: name + payload, range: name.count..<(name.count + payload.count)),
        item: 0..<name.count))
  }

  private static func itemAdded(_ event: JSONValue) -> VoiceEvent? {
    guard let item = event["item"], let id = id(item["id"]) else { return nil }
    let speaker: Speaker? =
      switch item["role"]?.stringValue {
      case "user": .person
      case "assistant": .agent
      default: nil
      }
    return .itemAdded(
      item: id, previous: self.id(event["previous_item_id"]),
      speaker: item["type"]?.stringValue == "message" ? speaker : nil)
  }

  /// Only a whole call counts: a cancelled response may leave half of its arguments.
  private static func outputItemDone(_ item: JSONValue?) -> VoiceEvent? {
    guard let item, item["type"]?.stringValue == "function_call", item["status"]?.stringValue == "completed" else {
      return .ignored
    }
    guard let call = id(item["call_id"]), let name = id(item["name"]) else { return nil }
    let arguments = item["arguments"]?.stringValue.flatMap { try? JSONValue.parse(Array($0.utf8)) }
    return .toolCall(id: call, name: name, reason: arguments?["reason"]?.stringValue ?? "")
  }

  private static func responseDone(_ response: JSONValue?) -> VoiceEvent {
    let usage = response?["usage"]
    func tokens(_ name: String) -> Int64 { Int64(clamping: max(usage?[name]?.intValue ?? 0, 0)) }
    return .responseEnded(
      failed: response?["status"]?.stringValue == "failed",
      EngineUsage(inputTokens: tokens("input_tokens"), outputTokens: tokens("output_tokens")))
  }

  private static func problem(_ error: JSONValue?) -> VoiceEvent {
    .problem(
      code: error?["code"]?.stringValue ?? error?["type"]?.stringValue ?? "unknown",
      message: error?["message"]?.stringValue ?? "")
  }
}
