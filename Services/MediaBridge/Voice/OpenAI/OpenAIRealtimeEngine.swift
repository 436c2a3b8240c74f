import Configuration
import HTTP
import Logging
import Metrics

/// OpenAI's Realtime interface over a WebSocket (protocol reference 4).
struct OpenAIRealtimeEngine: VoiceEngine {
  struct Settings: Sendable {
    /// `wss://api.openai.com/v1/realtime` or a stand-in.
    var url: String
    var model: String
    var transcriptionModel: String
    var apiKey: Secret
  }

  private let settings: Settings
  private let logger: Logger
  private let problems: Counter

  private static let connectTimeout = Duration.seconds(5)

  init(settings: Settings, logger: Logger, metrics: MetricsRegistry) {
    self.settings = settings
    self.logger = logger
    problems = metrics.counter("media_engine_problems_total", "Complaints of the voice engine.")
  }

  func open(_ script: CallScript) async throws -> any VoiceSession {
    var options = WebSocketClient.Options()
    options.connectTimeout = Self.connectTimeout
    let socket = try await WebSocketClient.connect(
      url: "\(settings.url)?model=\(FormEncoding.percentEncode(settings.model))",
      headers: ["Authorization": "Bearer \(settings.apiKey.value)"], options: options)
    let session = OpenAIRealtimeSession(socket: socket, logger: logger, problems: problems)
    do {
      try await socket.send(
        text: RealtimeClientEvent.sessionUpdate(
          .init(
            instructions: script.instructions, voice: script.voice, transcriptionModel: settings.transcriptionModel)))
    } catch {
      await socket.close()
      throw error
    }
    return session
  }
}

/// One session.
struct OpenAIRealtimeSession: VoiceSession {
  let socket: WebSocket
  let logger: Logger
  let problems: Counter

  /// Complaints that come with the territory: two sides that act at once (protocol reference 4.4).
  private static let benign: Set<String> = [
    "response_cancel_not_active", "conversation_already_has_active_response", "input_audio_buffer_commit_empty",
  ]

  func next() async throws -> VoiceEvent? {
    while let message = try await socket.receive() {
      guard case .text(let bytes) = message, let event = RealtimeServerEvent.parse(bytes) else {
        problems.increment()
        continue
      }
      if case .problem(let code, let text) = event, !Self.benign.contains(code) {
        problems.increment()
        logger.warning("the voice engine complains", [LogField("code", code), LogField("message", text)])
      }
      return event
    }
    return nil
  }

  func hear(_ audio: AudioPayload, buffer: inout [UInt8]) async throws {
    RealtimeClientEvent.appendAudio(audio, to: &buffer)
    try await socket.send(text: buffer)
  }

  func speak(instructions: String?) async throws {
    try await socket.send(text: RealtimeClientEvent.responseCreate(instructions: instructions))
  }

  func interrupt(item: String, heardMilliseconds: Int) async throws {
    try await socket.send(text: RealtimeClientEvent.truncate(item: item, milliseconds: heardMilliseconds))
  }

  func commitSpeech() async throws {
    try await socket.send(text: RealtimeClientEvent.commit)
  }

  func answerTool(id: String, output: String) async throws {
    try await socket.send(text: RealtimeClientEvent.functionOutput(callID: id, output: output))
  }

  func close() async {
    await socket.close()
  }
}
