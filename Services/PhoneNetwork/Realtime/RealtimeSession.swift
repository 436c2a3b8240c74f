import Core
import JSON

/// One session of the OpenAI Realtime API (GA) over a WebSocket, server's side: client events in, server events out.
///
/// No clock, no socket: time comes in, and what is to be sent is taken with `takeEvents`. Turns are found in audio time,
/// which is the audio that was appended; only the making of responses follows business time.
struct RealtimeSession: Sendable {
  /// Items that a client may put into one conversation; more are refused.
  static let itemLimit = 2_000
  /// Audio that a session takes: 60 minutes.
  static let longestMilliseconds = 3_600_000

  let id: String
  var settings: SessionSettings
  var items: [RealtimeItem] = []
  var response: ActiveResponse?
  var input: InputBuffer
  /// A turn ended while a response that may not be interrupted was being made.
  var owesResponse = false
  /// The agent has put out audio.
  var hasSpoken = false
  /// Input position, in milliseconds, at which the last response will have been played; what idle time counts from.
  var playedUntilMilliseconds: Int?
  /// Tokens of all the person's audio so far.
  var inputAudioTokens = 0

  private(set) var events: [[UInt8]] = []
  private var counter = 0
  private let conversation: String

  /// - Parameter id: Unique among the process's sessions; ids of items and responses begin with it.
  init(id: String, model: String) {
    self.id = id
    settings = SessionSettings(model: model)
    input = InputBuffer(detection: settings.turnDetection)
    conversation = "conv_\(id)"
    let session = settings.json(id: "sess_\(id)")
    emit("session.created") { $0.member("session", session) }
  }

  /// Takes what is to be sent, in order.
  mutating func takeEvents() -> [[UInt8]] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// Takes the words that began to arrive since this was last asked.
  mutating func takeStartedWords() -> [UInt64] {
    guard !input.startedWords.isEmpty else { return [] }
    defer { input.startedWords.removeAll(keepingCapacity: true) }
    return input.startedWords
  }

  /// Handles one client event: UTF-8 JSON as it arrived.
  mutating func receive(_ text: [UInt8], at now: Instant) {
    if let audio = AppendEvent.audio(in: text) {
      append(base64: text[audio], at: now)
      return
    }
    guard let event = try? JSONValue.parse(text), event.objectValue != nil else {
      fail(
        RealtimeFault(code: "invalid_json", message: "The event is not a JSON object."), event: .null)
      return
    }
    do throws(RealtimeFault) {
      try handle(event, at: now)
    } catch {
      fail(error, event: event)
    }
  }

  /// Makes what is due of the running response.
  mutating func advance(to now: Instant) {
    while let due = response?.nextChunkAt, due <= now { generateChunk(at: now) }
  }

  /// When `advance` has something to do.
  var nextDue: Instant? { response?.nextChunkAt }

  private mutating func handle(_ event: JSONValue, at now: Instant) throws(RealtimeFault) {
    guard let type = event["type"]?.stringValue else { throw .missing("type") }
    switch type {
    case "session.update":
      guard let update = event["session"] else { throw .missing("session") }
      try settings.apply(update, hasSpoken: hasSpoken)
      input.detection = settings.turnDetection
      let session = settings.json(id: "sess_\(id)")
      emit("session.updated") { $0.member("session", session) }
    case "input_audio_buffer.append":
      guard let audio = event["audio"]?.stringValue else { throw .missing("audio") }
      append(base64: Array(audio.utf8)[...], at: now)
    case "input_audio_buffer.commit": try commitByClient(at: now)
    case "input_audio_buffer.clear":
      input.clear()
      emit("input_audio_buffer.cleared") { _ in }
    case "conversation.item.create": try createItem(event)
    case "conversation.item.truncate": try truncateItem(event)
    case "conversation.item.delete": try deleteItem(event)
    case "conversation.item.retrieve": try retrieveItem(event)
    case "response.create": try createResponse(event["response"] ?? [:], at: now)
    case "response.cancel": try cancelResponse(event)
    default:
      throw RealtimeFault(
        code: "invalid_value", message: "Invalid value: '\(type)'. The event type is not known.", param: "type")
    }
  }

  // MARK: Sending

  mutating func emit(_ type: String, _ members: (inout JSONWriter) -> Void) {
    counter += 1
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", type)
    writer.member("event_id", "event_\(id)_\(counter)")
    members(&writer)
    writer.endObject()
    events.append(writer.bytes)
  }

  /// An `error` event that answers `event`.
  mutating func fail(_ fault: RealtimeFault, event: JSONValue) {
    let clientEvent = event["event_id"] ?? .null
    emit("error") { writer in
      writer.key("error")
      writer.beginObject()
      writer.member("type", "invalid_request_error")
      writer.member("code", fault.code)
      writer.member("message", fault.message)
      writer.member("param", fault.param.map { .string($0) } ?? .null)
      writer.member("event_id", clientEvent)
      writer.endObject()
    }
  }

  mutating func nextID(_ prefix: String) -> String {
    counter += 1
    return "\(prefix)_\(id)_\(counter)"
  }

  var conversationID: String { conversation }
}

/// The hot client event, read without building JSON values.
enum AppendEvent {
  private static let head = Array(#"{"type":"input_audio_buffer.append","audio":""#.utf8)

  /// Where the base 64 stands in an event written the usual way; nil for every other text, which is then parsed.
  static func audio(in text: [UInt8]) -> Range<Int>? {
    guard text.count > head.count + 2, text.starts(with: head), text[text.count - 1] == UInt8(ascii: "}"),
      text[text.count - 2] == UInt8(ascii: "\"")
    else { return nil }
    let range = head.count..<(text.count - 2)
    // A quote or a backslash in between means further members or escapes.
    return text[range].contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") } ? nil : range
  }
}
