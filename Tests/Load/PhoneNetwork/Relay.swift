import Core
import HTTP
import JSON
import Synchronization

/// The cheapest bridge that holds a conversation: passes base 64 through, and on speech clears what is being played.
struct Relay: Sendable {
  private static let append = Array(#"{"type":"input_audio_buffer.append","audio":""#.utf8)
  private static let payload = Array(#""payload":""#.utf8)
  private static let delta = Array(#""delta":""#.utf8)
  private static let audioDelta = Array(#"{"type":"response.output_audio.delta""#.utf8)
  private static let media = Array(#"{"event":"media""#.utf8)

  let network: String

  private final class Talk: Sendable {
    let streamSid = Mutex("")
    let isOver = Mutex(false)
  }

  func run(_ stream: WebSocket) async throws {
    let url = "ws" + network.dropFirst(4) + "/v1/realtime?model=gpt-realtime-2.1"
    let engine = try await WebSocketClient.connect(
      url: url, headers: ["Authorization": "Bearer embedded-phone-network-key"])
    try await engine.send(
      text: #"{"type":"session.update","session":{"type":"realtime","tools":[{"type":"function","name":"end_call"}]}}"#)
    let talk = Talk()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await fromEngine(engine, to: stream, talk) }
      while let message = try await stream.receive() {
        guard case .text(let text) = message else { break }
        try await fromStream(text, to: engine, talk)
        if talk.isOver.withLock({ $0 }) { break }
      }
      await engine.close()
      group.cancelAll()
    }
  }

  private func fromStream(_ text: [UInt8], to engine: WebSocket, _ talk: Talk) async throws {
    if text.starts(with: Self.media), let audio = Self.string(after: Self.payload, in: text) {
      try await engine.send(text: Self.append + audio + Array("\"}".utf8))
      return
    }
    let event = try JSONValue.parse(text)
    switch event["event"]?.stringValue {
    case "start":
      talk.streamSid.withLock { $0 = event["streamSid"]?.stringValue ?? "" }
      try await engine.send(text: #"{"type":"response.create"}"#)
    case "mark": talk.isOver.withLock { $0 = true }
    default: break
    }
  }

  private func fromEngine(_ engine: WebSocket, to stream: WebSocket, _ talk: Talk) async throws {
    while case .text(let text)? = try await engine.receive() {
      let sid = talk.streamSid.withLock { $0 }
      if text.starts(with: Self.audioDelta), let audio = Self.string(after: Self.delta, in: text) {
        try await stream.send(
          text: Array(#"{"event":"media","streamSid":"\#(sid)","media":{"payload":""#.utf8) + audio + Array("\"}}".utf8)
        )
        continue
      }
      let event = try JSONValue.parse(text)
      switch event["type"]?.stringValue {
      case "input_audio_buffer.speech_started":
        try await stream.send(text: #"{"event":"clear","streamSid":"\#(sid)"}"#)
      case "response.output_item.done" where event["item"]?["name"] == "end_call":
        try await stream.send(text: #"{"event":"mark","streamSid":"\#(sid)","mark":{"name":"end"}}"#)
      case "error": print(String(decoding: text, as: UTF8.self))
      default: break
      }
    }
  }

  /// The text of the string that begins behind `mark`.
  private static func string(after mark: [UInt8], in text: [UInt8]) -> ArraySlice<UInt8>? {
    guard let start = text.firstRange(of: mark)?.upperBound,
      let end = text[start...].firstIndex(of: UInt8(ascii: "\""))
    else { return nil }
    return text[start..<end]
  }
}
