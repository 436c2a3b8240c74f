import JSON

/// What the bridge sends to OpenAI's Realtime interface (protocol reference 4.2, 4.3).
enum RealtimeClientEvent {
  /// What one session is opened with.
  struct SessionSettings: Hashable, Sendable {
    var instructions: String
    var voice: String
    var transcriptionModel: String
  }

  private static let voices: Set<String> = [
    "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar",
  ]

  /// After so long a silence the model asks whether anybody is there.
  private static let idleMilliseconds = 8_000

  /// µ-law both ways, so that no audio is ever converted; the server finds turns and lets itself be interrupted.
  static func sessionUpdate(_ settings: SessionSettings) -> [UInt8] {
    let format: JSONValue = ["format": ["type": "audio/pcmu"]]
    var input = format.objectValue ?? [:]
    input["transcription"] = ["model": .string(settings.transcriptionModel)]
    input["turn_detection"] = [
      "type": "server_vad", "create_response": true, "interrupt_response": true,
      "idle_timeout_ms": JSONValue(idleMilliseconds),
    ]
    var output = format.objectValue ?? [:]
    output["voice"] = voice(settings.voice)
    return bytes([
      "type": "session.update",
      "session": [
        "type": "realtime", "instructions": .string(settings.instructions), "output_modalities": ["audio"],
        "audio": ["input": .object(input), "output": .object(output)],
        "tools": [endCallTool], "tool_choice": "auto",
      ],
    ])
  }

  /// - Parameter instructions: For this response alone; nil keeps the session's.
  static func responseCreate(instructions: String?) -> [UInt8] {
    guard let instructions else { return bytes(["type": "response.create"]) }
    return bytes(["type": "response.create", "response": ["instructions": .string(instructions)]])
  }

  /// Makes the model forget what of its item was not heard.
  static func truncate(item: String, milliseconds: Int) -> [UInt8] {
    bytes([
      "type": "conversation.item.truncate", "item_id": .string(item), "content_index": 0,
      "audio_end_ms": JSONValue(milliseconds),
    ])
  }

  static func functionOutput(callID: String, output: String) -> [UInt8] {
    bytes([
      "type": "conversation.item.create",
      "item": ["type": "function_call_output", "call_id": .string(callID), "output": .string(output)],
    ])
  }

  private static let audioPrefix = Array(#"{"type":"input_audio_buffer.append","audio":""#.utf8)
  private static let audioSuffix = Array("\"}".utf8)

  /// Audio for the engine, written over what `buffer` held: it is used again and again.
  static func appendAudio(_ audio: AudioPayload, to buffer: inout [UInt8]) {
    buffer.removeAll(keepingCapacity: true)
    buffer.append(contentsOf: audioPrefix)
    buffer.append(contentsOf: audio.message[audio.range])
    buffer.append(contentsOf: audioSuffix)
  }

  static let commit = bytes(["type": "input_audio_buffer.commit"])

  private static let endCallTool: JSONValue = [
    "type": "function", "name": .string(Conversation.endCallTool),
    "description": "Ends the telephone call. Say goodbye first: the call ends once that was heard.",
    "parameters": [
      "type": "object",
      "properties": [
        "reason": [
          "type": "string", "enum": .array(Conversation.endCallReasons.map { .string($0) }),
          "description": "Why the call is over. opted_out whenever the person asks not to be called again.",
        ]
      ],
      "required": ["reason"],
    ],
  ]

  /// A name that is no voice of OpenAI's gives the default: a wrong voice is better than a silent call.
  private static func voice(_ name: String) -> JSONValue {
    if name.hasPrefix("voice_") { return ["id": .string(name)] }
    return voices.contains(name) ? .string(name) : "marin"
  }

  private static func bytes(_ event: JSONValue) -> [UInt8] { event.serializedBytes() }
}
