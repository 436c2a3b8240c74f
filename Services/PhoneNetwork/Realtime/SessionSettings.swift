import JSON

/// A session's configuration, as `session.update` changes it and `session.updated` shows it.
///
/// This engine hears and speaks `audio/pcmu` and detects turns with `server_vad`; asking for anything else is refused
/// with an `error` event rather than accepted and not done.
struct SessionSettings: Hashable, Sendable {
  struct Tool: Hashable, Sendable {
    var name: String
    var definition: JSONValue
  }

  static let voices = ["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"]
  private static let transcriptionModels = [
    "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper", "whisper-1", "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize",
  ]

  var model: String
  var instructions = ""
  /// Nil is "inf".
  var maximumOutputTokens: Int?
  /// Null is off.
  var transcription = JSONValue.null
  var noiseReduction = JSONValue.null
  /// Nil leaves turns to the client.
  var turnDetection: VoiceActivityDetector.Settings? = .init()
  var voice = JSONValue.string("marin")
  var speed = 1.0
  var tools: [Tool] = []
  var toolChoice = JSONValue.string("auto")
  var truncation = JSONValue.string("auto")

  init(model: String) {
    self.model = model
  }

  /// Applies the `session` of a `session.update`: absent keys stay as they are, and nothing changes when one is wrong.
  ///
  /// - Parameter hasSpoken: Audio was put out already, so the voice stays.
  mutating func apply(_ update: JSONValue, hasSpoken: Bool) throws(RealtimeFault) {
    guard let object = update.objectValue else { throw .missing("session") }
    guard let type = object["type"]?.stringValue else { throw .missing("session.type") }
    guard type == "realtime" else {
      throw .invalid("session.type", "Invalid value: '\(type)'. Supported values are: 'realtime'.")
    }
    var copy = self
    for (key, value) in object { try copy.applyMember(key, value, hasSpoken: hasSpoken) }
    self = copy
  }

  private mutating func applyMember(_ key: String, _ value: JSONValue, hasSpoken: Bool) throws(RealtimeFault) {
    let path = "session.\(key)"
    switch key {
    case "type", "tracing", "prompt", "include", "parallel_tool_calls", "reasoning": break
    case "model":
      guard value.stringValue == model else {
        throw .invalid(path, "The model of a session cannot be changed.")
      }
    case "instructions": instructions = try SessionSettings.string(value, path)
    case "output_modalities":
      guard value == ["audio"] else {
        throw .invalid(path, "Invalid value: \(value.serialize()). Supported values are: ['audio'].")
      }
    case "max_output_tokens": maximumOutputTokens = try SessionSettings.tokenLimit(value, path)
    case "audio": try applyAudio(SessionSettings.object(value, path), hasSpoken: hasSpoken)
    case "tools": tools = try SessionSettings.tools(value, path)
    case "tool_choice": toolChoice = try SessionSettings.toolChoice(value, path)
    case "truncation": truncation = value
    default: throw .unknown(path)
    }
  }

  private mutating func applyAudio(_ audio: JSONObject, hasSpoken: Bool) throws(RealtimeFault) {
    for (key, value) in audio {
      switch key {
      case "input": try applyInput(SessionSettings.object(value, "session.audio.input"))
      case "output": try applyOutput(SessionSettings.object(value, "session.audio.output"), hasSpoken: hasSpoken)
      default: throw .unknown("session.audio.\(key)")
      }
    }
  }

  private mutating func applyInput(_ input: JSONObject) throws(RealtimeFault) {
    for (key, value) in input {
      let path = "session.audio.input.\(key)"
      switch key {
      case "format": try SessionSettings.checkFormat(value, path)
      case "noise_reduction":
        if !value.isNull {
          try SessionSettings.check(value["type"], among: ["near_field", "far_field"], "\(path).type")
        }
        noiseReduction = value
      case "transcription":
        if !value.isNull {
          try SessionSettings.check(value["model"], among: SessionSettings.transcriptionModels, "\(path).model")
        }
        transcription = value
      case "turn_detection": turnDetection = try SessionSettings.turnDetection(value, turnDetection, path)
      default: throw .unknown(path)
      }
    }
  }

  private mutating func applyOutput(_ output: JSONObject, hasSpoken: Bool) throws(RealtimeFault) {
    for (key, value) in output {
      let path = "session.audio.output.\(key)"
      switch key {
      case "format": try SessionSettings.checkFormat(value, path)
      case "voice":
        if value["id"]?.stringValue == nil { try SessionSettings.check(value, among: SessionSettings.voices, path) }
        guard value == voice || !hasSpoken else {
          throw RealtimeFault(
            code: "cannot_update_voice",
            message: "Cannot update a conversation's voice if assistant audio is present.", param: path)
        }
        voice = value
      case "speed": speed = try SessionSettings.number(value, 0.25...1.5, path)
      default: throw .unknown(path)
      }
    }
  }

  // MARK: Values

  private static func turnDetection(
    _ value: JSONValue, _ current: VoiceActivityDetector.Settings?, _ path: String
  ) throws(RealtimeFault) -> VoiceActivityDetector.Settings? {
    guard !value.isNull else { return nil }
    let object = try object(value, path)
    try check(object["type"], among: ["server_vad"], "\(path).type")
    var settings = current ?? .init()
    for (key, value) in object {
      let path = "\(path).\(key)"
      switch key {
      case "type": break
      case "threshold": settings.threshold = try number(value, 0...1, path)
      case "prefix_padding_ms": settings.prefixPaddingMilliseconds = try integer(value, 0...10_000, path)
      case "silence_duration_ms": settings.silenceDurationMilliseconds = try integer(value, 20...10_000, path)
      case "create_response": settings.createsResponse = try bool(value, path)
      case "interrupt_response": settings.interruptsResponse = try bool(value, path)
      case "idle_timeout_ms":
        settings.idleTimeoutMilliseconds = value.isNull ? nil : try integer(value, 5_000...30_000, path)
      default: throw .unknown(path)
      }
    }
    return settings
  }

  static func tools(_ value: JSONValue, _ path: String) throws(RealtimeFault) -> [Tool] {
    guard let list = value.arrayValue else { throw .invalid(path, "Expected an array of tools.") }
    var tools: [Tool] = []
    for (index, definition) in list.enumerated() {
      try check(definition["type"], among: ["function"], "\(path)[\(index)].type")
      guard let name = definition["name"]?.stringValue, !name.isEmpty else { throw .missing("\(path)[\(index)].name") }
      tools.append(Tool(name: name, definition: definition))
    }
    return tools
  }

  private static func toolChoice(_ value: JSONValue, _ path: String) throws(RealtimeFault) -> JSONValue {
    if value["type"] == "function", value["name"]?.stringValue != nil { return value }
    try check(value, among: ["auto", "none", "required"], path)
    return value
  }

  static func tokenLimit(_ value: JSONValue, _ path: String) throws(RealtimeFault) -> Int? {
    value == "inf" ? nil : try integer(value, 1...4_096, path)
  }

  private static func checkFormat(_ value: JSONValue, _ path: String) throws(RealtimeFault) {
    try check(value["type"], among: ["audio/pcmu"], "\(path).type")
  }

  private static func check(_ value: JSONValue?, among allowed: [String], _ path: String) throws(RealtimeFault) {
    guard let value else { throw .missing(path) }
    guard let text = value.stringValue, allowed.contains(text) else {
      let list = allowed.map { "'\($0)'" }.joined(separator: ", ")
      throw .invalid(path, "Invalid value: \(value.serialize()). Supported values are: \(list).")
    }
  }

  private static func object(_ value: JSONValue, _ path: String) throws(RealtimeFault) -> JSONObject {
    guard let object = value.objectValue else { throw .invalid(path, "Expected an object, got \(value.kind).") }
    return object
  }

  static func string(_ value: JSONValue, _ path: String) throws(RealtimeFault) -> String {
    guard let text = value.stringValue else { throw .invalid(path, "Expected a string, got \(value.kind).") }
    return text
  }

  private static func bool(_ value: JSONValue, _ path: String) throws(RealtimeFault) -> Bool {
    guard let flag = value.boolValue else { throw .invalid(path, "Expected a boolean, got \(value.kind).") }
    return flag
  }

  private static func integer(_ value: JSONValue, _ range: ClosedRange<Int>, _ path: String) throws(RealtimeFault)
    -> Int
  {
    guard let number = value.intValue, range.contains(number) else {
      throw .invalid(path, "Expected an integer from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  private static func number(
    _ value: JSONValue, _ range: ClosedRange<Double>, _ path: String
  ) throws(RealtimeFault) -> Double {
    guard let number = value.doubleValue, range.contains(number) else {
      throw .invalid(path, "Expected a number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }
}
