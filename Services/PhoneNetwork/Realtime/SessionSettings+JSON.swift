import JSON

extension SessionSettings {
  /// The `session` of `session.created` and `session.updated`.
  func json(id: String) -> JSONValue {
    [
      "object": "realtime.session", "id": .string(id), "type": "realtime", "model": .string(model),
      "output_modalities": ["audio"], "instructions": .string(instructions),
      "tools": .array(tools.map(\.definition)), "tool_choice": toolChoice,
      "max_output_tokens": SessionSettings.json(tokenLimit: maximumOutputTokens), "tracing": nil, "prompt": nil,
      "truncation": truncation, "include": nil,
      "audio": [
        "input": [
          "format": ["type": "audio/pcmu"], "transcription": transcription, "noise_reduction": noiseReduction,
          "turn_detection": turnDetection?.json ?? .null,
        ],
        "output": ["format": ["type": "audio/pcmu"], "voice": voice, "speed": .number(speed)],
      ],
    ]
  }

  static func json(tokenLimit: Int?) -> JSONValue {
    tokenLimit.map { JSONValue($0) } ?? "inf"
  }
}

extension VoiceActivityDetector.Settings {
  var json: JSONValue {
    [
      "type": "server_vad", "threshold": .number(threshold),
      "prefix_padding_ms": JSONValue(prefixPaddingMilliseconds),
      "silence_duration_ms": JSONValue(silenceDurationMilliseconds),
      "idle_timeout_ms": idleTimeoutMilliseconds.map { JSONValue($0) } ?? .null,
      "create_response": .bool(createsResponse), "interrupt_response": .bool(interruptsResponse),
    ]
  }
}
