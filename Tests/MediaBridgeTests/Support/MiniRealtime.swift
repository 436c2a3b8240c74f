import Core
import HTTP
import JSON
import Logging
import Metrics
import Synchronization

@testable import MediaBridge

/// A voice engine in miniature: greets when asked; everything else the test says.
final class MiniRealtime: Sendable {
  /// One session, from the engine's side.
  final class Session: Sendable {
    let socket: WebSocket
    /// What the bridge sent, audio apart.
    let received = BoundedQueue<JSONValue>(capacity: 1_000)
    /// Audio messages that came.
    let audio = Mutex(0)

    init(_ socket: WebSocket) {
      self.socket = socket
    }

    func send(_ event: JSONValue) async throws {
      try await socket.send(text: event.serialize())
    }

    /// The next event of a type; others are passed over.
    func next(_ type: String) async throws -> JSONValue? {
      while let event = try await received.next() {
        if event["type"]?.stringValue == type { return event }
      }
      return nil
    }

    /// Returns once so many audio messages have come.
    func heard(_ count: Int) async {
      while audio.withLock({ $0 }) < count { await Task.yield() }
    }

    /// The agent says something, all of it at once.
    func say(
      _ text: String, item: String, after previous: String?, milliseconds: Int, ends: Bool = false,
      reason: String = "completed"
    ) async throws {
      try await send(["type": "response.created", "response": ["id": "r"]])
      try await send([
        "type": "conversation.item.added", "previous_item_id": previous.map { .string($0) } ?? .null,
        "item": ["id": .string(item), "type": "message", "role": "assistant"],
      ])
      try await send([
        "type": "response.output_audio_transcript.delta", "item_id": .string(item), "delta": .string(text),
      ])
      let audio = Base64.encode([UInt8](repeating: 0xFF, count: milliseconds * 8))
      try await send([
        "type": "response.output_audio.delta", "response_id": "r", "item_id": .string(item), "output_index": 0,
        "content_index": 0, "delta": .string(audio),
      ])
      try await send(["type": "response.output_audio.done", "item_id": .string(item)])
      try await send([
        "type": "response.output_audio_transcript.done", "item_id": .string(item), "transcript": .string(text),
      ])
      if ends {
        try await send([
          "type": "response.output_item.done",
          "item": [
            "id": "f1", "type": "function_call", "status": "completed", "call_id": "c1", "name": "end_call",
            "arguments": .string((["reason": .string(reason)] as JSONValue).serialize()),
          ],
        ])
      }
      try await send([
        "type": "response.done",
        "response": ["status": "completed", "usage": ["input_tokens": 10, "output_tokens": 5]],
      ])
    }

    /// The person said something, as the engine hears it.
    func hear(_ text: String, item: String, after previous: String?, from start: Int, to end: Int) async throws {
      try await send([
        "type": "input_audio_buffer.speech_started", "audio_start_ms": JSONValue(start), "item_id": .string(item),
      ])
      try await send([
        "type": "input_audio_buffer.speech_stopped", "audio_end_ms": JSONValue(end), "item_id": .string(item),
      ])
      try await transcribe(text, item: item, after: previous)
    }

    func transcribe(_ text: String, item: String, after previous: String?) async throws {
      try await send([
        "type": "input_audio_buffer.committed", "item_id": .string(item),
        "previous_item_id": previous.map { .string($0) } ?? .null,
      ])
      try await send([
        "type": "conversation.item.input_audio_transcription.completed", "item_id": .string(item),
        "transcript": .string(text),
      ])
    }
  }

  let server: HTTPServer
  let sessions = BoundedQueue<Session>(capacity: 100)

  init() throws {
    var router = Router()
    router.webSocket(
      "/v1/realtime",
      accept: { request in
        request.headers["Authorization"] == "Bearer key" && request.query["model"] == "gpt-realtime-2.1"
          ? nil : .empty(.unauthorized)
      },
      handler: { [sessions] socket, _ in
        let session = Session(socket)
        _ = sessions.offer(session)
        while case .text(let bytes)? = try await socket.receive() {
          let event = try JSONValue.parse(bytes)
          switch event["type"]?.stringValue {
          case "session.update": try await session.send(["type": "session.updated", "session": [:]])
          case "input_audio_buffer.append": session.audio.withLock { $0 += 1 }
          default: break
          }
          if event["type"] != "input_audio_buffer.append" { _ = session.received.offer(event) }
        }
        session.received.close()
      })
    server = HTTPServer(address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
  }

  var url: String { "ws://127.0.0.1:\(server.port)/v1/realtime" }
}
