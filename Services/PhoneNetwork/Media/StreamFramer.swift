import Core
import JSON

/// Writes what Twilio sends on a Media Streams socket. Numbers are decimal strings, counted from 1.
struct StreamFramer: Sendable {
  private static let silentPayload = Array(Base64.encode(AudioFrame.silent).utf8)
  private static let afterSequence = Array(#"","streamSid":""#.utf8)
  private static let beforeChunk = Array(#"","media":{"track":"inbound","chunk":""#.utf8)
  private static let beforeTimestamp = Array(#"","timestamp":""#.utf8)
  private static let beforePayload = Array(#"","payload":""#.utf8)
  private static let mediaHead = Array(#"{"event":"media","sequenceNumber":""#.utf8)
  private static let mediaTail = Array(#""}}"#.utf8)
  /// A media message with its longest numbers.
  private static let mediaCapacity = 420

  let streamSid: String
  let accountSid: String
  let callSid: String
  private let streamSidBytes: [UInt8]
  private var sequence: Int64 = 0
  private var chunk: Int64 = 0

  init(streamSid: String, accountSid: String, callSid: String) {
    self.streamSid = streamSid
    self.accountSid = accountSid
    self.callSid = callSid
    streamSidBytes = Array(streamSid.utf8)
  }

  func connected() -> [UInt8] {
    Array(#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#.utf8)
  }

  mutating func start(parameters: [TwiML.Parameter]) -> [UInt8] {
    let custom = JSONObject(parameters.map { ($0.name, JSONValue.string($0.value)) })
    return message(
      "start",
      [
        "streamSid": .string(streamSid), "accountSid": .string(accountSid), "callSid": .string(callSid),
        "tracks": ["inbound"], "customParameters": .object(custom),
        "mediaFormat": ["encoding": "audio/x-mulaw", "sampleRate": 8_000, "channels": 1],
      ])
  }

  mutating func mark(_ name: String) -> [UInt8] { message("mark", ["name": .string(name)]) }

  mutating func stop() -> [UInt8] {
    message("stop", ["accountSid": .string(accountSid), "callSid": .string(callSid)])
  }

  /// One frame of the person's audio.
  ///
  /// - Parameter frame: 160 bytes; empty for silence.
  mutating func media(_ frame: [UInt8]) -> [UInt8] {
    sequence += 1
    chunk += 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(StreamFramer.mediaCapacity)
    bytes.append(contentsOf: StreamFramer.mediaHead)
    JSONText.appendInteger(sequence, to: &bytes)
    bytes.append(contentsOf: StreamFramer.afterSequence)
    bytes.append(contentsOf: streamSidBytes)
    bytes.append(contentsOf: StreamFramer.beforeChunk)
    JSONText.appendInteger(chunk, to: &bytes)
    bytes.append(contentsOf: StreamFramer.beforeTimestamp)
    JSONText.appendInteger(chunk * Int64(AudioFrame.milliseconds), to: &bytes)
    bytes.append(contentsOf: StreamFramer.beforePayload)
    if frame.isEmpty {
      bytes.append(contentsOf: StreamFramer.silentPayload)
    } else {
      Base64.append(frame, to: &bytes)
    }
    bytes.append(contentsOf: StreamFramer.mediaTail)
    return bytes
  }

  private mutating func message(_ event: String, _ body: JSONValue) -> [UInt8] {
    sequence += 1
    return
      ([
        "event": .string(event), "sequenceNumber": .string(String(sequence)), "streamSid": .string(streamSid),
        event: body,
      ] as JSONValue).serializedBytes()
  }
}
