import Core
import HTTP
import JSON
import Logging
import Metrics
import Synchronization

@testable import PhoneNetwork

/// The least that connects a call with the voice engine: TwiML, webhooks and both sockets, with barge-in done right. It
/// keeps the transcript that a real bridge would.
final class MiniatureBridge: Sendable {
  struct Log: Sendable {
    var callbacks: [FormFields] = []
    var verdicts: [FormFields] = []
    var badSignatures = 0
    var errors: [JSONValue] = []
    /// Texts by item, in the order of the items.
    var order: [String] = []
    var texts: [String: String] = [:]
    var isPerson: [String: Bool] = [:]
    var cut: Set<String> = []
    var streamEvents: [String] = []
  }

  let log = Mutex(Log())
  /// Statuses of the status callbacks, as they come.
  let statuses = BoundedQueue<String>(capacity: 1_000)
  private let network: TestNetwork
  private let instructions: String
  private let server = Mutex<HTTPServer?>(nil)

  init(_ network: TestNetwork, instructions: String = ConversationTests.instructions) {
    self.network = network
    self.instructions = instructions
  }

  var url: String { "http://127.0.0.1:\(server.withLock { $0?.port ?? 0 })" }

  struct Turn: Hashable, Sendable {
    var isPerson: Bool
    var isCut: Bool
    var text: String
  }

  var transcript: [Turn] {
    log.withLock { log in
      log.order.compactMap { item in
        guard let text = log.texts[item], !text.isEmpty else { return nil }
        return Turn(isPerson: log.isPerson[item] == true, isCut: log.cut.contains(item), text: text)
      }
    }
  }

  /// The form that places a call over this bridge.
  func form(to number: String, detection: Bool = false) -> [(String, String)] {
    var form = [
      ("To", number), ("From", "+15005550006"), ("Url", "\(url)/voice"), ("StatusCallback", "\(url)/status?attempt=7"),
      ("Timeout", "20"),
    ]
    for event in StatusEvent.allCases { form.append(("StatusCallbackEvent", event.rawValue)) }
    if detection {
      form += [
        ("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", "\(url)/amd"),
      ]
    }
    return form
  }

  /// Serves while `body` runs.
  func run(_ body: () async throws -> Void) async throws {
    var router = Router()
    router.on(.post, "/voice") { request in
      _ = try await self.checked(request)
      let stream = self.url.replacingOccurrences("http:", "ws:") + "/stream"
      let twiml =
        "<Response><Connect><Stream url=\"\(stream)\"><Parameter name=\"a&amp;b\" value=\"1\"/></Stream></Connect></Response>"
      return .text(twiml, contentType: "text/xml")
    }
    router.on(.post, "/status") { request in
      let form = try await self.checked(request)
      self.log.withLock { $0.callbacks.append(form) }
      _ = self.statuses.offer(form["CallStatus"] ?? "")
      return .empty()
    }
    router.on(.post, "/amd") { request in
      let form = try await self.checked(request)
      self.log.withLock { $0.verdicts.append(form) }
      return .empty()
    }
    router.webSocket("/stream", handler: { socket, _ in try await self.relay(socket) })
    let server = HTTPServer(
      address: "http://127.0.0.1:0", router: router, logger: .discarding, metrics: MetricsRegistry())
    try server.listen()
    self.server.withLock { $0 = server }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await server.run() }
      try await body()
      group.cancelAll()
    }
  }

  /// Waits for the status callback of the end.
  func waitForEnd() async throws -> String {
    while let status = try await statuses.next() {
      if CallRecord.Status(rawValue: status)?.isOver == true { return status }
    }
    return ""
  }

  private func checked(_ request: HTTPRequest) async throws -> FormFields {
    let form = try await request.form()
    let signature = TwilioSignature.sign(url: url + request.url, parameters: form, token: TestNetwork.account.token)
    if request.headers["x-twilio-signature"] != signature { log.withLock { $0.badSignatures += 1 } }
    return FormFields(form)
  }

  // MARK: Media

  private struct Talk: Sendable {
    var streamSid = ""
    /// The item that plays: milliseconds sent, and played as marks tell.
    var item = ""
    var sent = 0
    var played = 0
    var cancelled: Set<String> = []
    var isOver = false
  }

  private final class SharedTalk: Sendable {
    let state = Mutex(Talk())
  }

  private func relay(_ stream: WebSocket) async throws {
    let engine = try await WebSocketClient.connect(
      url: network.url.replacingOccurrences("http:", "ws:") + "/v1/realtime?model=gpt-realtime-2.1",
      headers: ["Authorization": "Bearer \(TestNetwork.key.value)"])
    let talk = SharedTalk()
    let update: JSONValue = [
      "type": "session.update",
      "session": [
        "type": "realtime", "instructions": .string(instructions),
        "audio": [
          "input": ["format": ["type": "audio/pcmu"], "transcription": ["model": "gpt-transcribe"]],
          "output": ["format": ["type": "audio/pcmu"]],
        ],
        "tools": [["type": "function", "name": "end_call", "parameters": ["type": "object"]]],
      ],
    ]
    try await engine.send(text: update.serialize())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.fromEngine(engine, to: stream, talk) }
      while let message = try await stream.receive() {
        guard let event = message.string.flatMap({ try? JSONValue.parse($0) }) else { continue }
        try await fromStream(event, to: engine, talk)
        if talk.state.withLock({ $0.isOver }) { break }
      }
      await engine.close()
      group.cancelAll()
    }
  }

  private func fromStream(_ event: JSONValue, to engine: WebSocket, _ talk: SharedTalk) async throws {
    let type = event["event"]?.stringValue ?? ""
    log.withLock { log in
      if log.streamEvents.last != type { log.streamEvents.append(type) }
    }
    switch type {
    case "start":
      talk.state.withLock { $0.streamSid = event["streamSid"]?.stringValue ?? "" }
      try await engine.send(text: #"{"type":"response.create"}"#)
    case "media":
      let audio = event["media"]?["payload"]?.stringValue ?? ""
      try await engine.send(text: #"{"type":"input_audio_buffer.append","audio":""# + audio + #""}"#)
    case "mark":
      let name = event["mark"]?["name"]?.stringValue ?? ""
      talk.state.withLock { talk in
        let parts = name.split(separator: " ")
        if name == "end" { talk.isOver = true }
        if parts.count == 2, parts[0] == talk.item, let played = Int(parts[1]) { talk.played = played }
      }
    default: break
    }
  }

  private func fromEngine(_ engine: WebSocket, to stream: WebSocket, _ talk: SharedTalk) async throws {
    while let message = try await engine.receive() {
      guard let event = message.string.flatMap({ try? JSONValue.parse($0) }) else { continue }
      note(event)
      let sid = talk.state.withLock { $0.streamSid }
      switch event["type"]?.stringValue {
      case "response.output_audio.delta":
        let item = event["item_id"]?.stringValue ?? ""
        let audio = event["delta"]?.stringValue ?? ""
        let milliseconds = (Base64.decode(audio)?.count ?? 0) / AudioFrame.bytesPerMillisecond
        let sent = talk.state.withLock { talk -> Int? in
          guard !talk.cancelled.contains(item) else { return nil }
          if talk.item != item { (talk.item, talk.sent, talk.played) = (item, 0, 0) }
          talk.sent += milliseconds
          return talk.sent
        }
        guard let sent else { continue }
        let media: JSONValue = ["event": "media", "streamSid": .string(sid), "media": ["payload": .string(audio)]]
        let mark: JSONValue = [
          "event": "mark", "streamSid": .string(sid), "mark": ["name": .string("\(item) \(sent)")],
        ]
        try await stream.send(text: media.serialize())
        try await stream.send(text: mark.serialize())
      case "input_audio_buffer.speech_started":
        let cut = talk.state.withLock { talk -> (String, Int)? in
          guard talk.played < talk.sent else { return nil }
          talk.cancelled.insert(talk.item)
          defer { talk.sent = 0 }
          return (talk.item, talk.played)
        }
        guard let (item, played) = cut else { continue }
        log.withLock { _ = $0.cut.insert(item) }
        try await stream.send(text: (["event": "clear", "streamSid": .string(sid)] as JSONValue).serialize())
        try await engine.send(
          text: ([
            "type": "conversation.item.truncate", "item_id": .string(item), "content_index": 0,
            "audio_end_ms": JSONValue(played),
          ] as JSONValue).serialize())
        try await engine.send(
          text: (["type": "conversation.item.retrieve", "item_id": .string(item)] as JSONValue).serialize())
      case "response.output_item.done" where event["item"]?["name"] == "end_call":
        try await stream.send(
          text: (["event": "mark", "streamSid": .string(sid), "mark": ["name": "end"]] as JSONValue).serialize())
      default: break
      }
    }
  }

  private func note(_ event: JSONValue) {
    log.withLock { log in
      let item = (event["item_id"] ?? event["item"]?["id"])?.stringValue ?? ""
      switch event["type"]?.stringValue {
      case "error": log.errors.append(event)
      case "conversation.item.added":
        guard event["item"]?["type"] == "message" else { return }
        log.order.append(item)
        log.isPerson[item] = event["item"]?["role"] == "user"
      case "conversation.item.input_audio_transcription.completed":
        log.texts[item] = event["transcript"]?.stringValue
      case "response.output_audio_transcript.done": log.texts[item] = event["transcript"]?.stringValue
      case "conversation.item.retrieved":
        log.texts[item] = event["item"]?["content"]?[0]?["transcript"]?.stringValue
      default: break
      }
    }
  }
}

extension String {
  func replacingOccurrences(_ text: String, _ other: String) -> String {
    split(separator: text, omittingEmptySubsequences: false).joined(separator: other)
  }
}
