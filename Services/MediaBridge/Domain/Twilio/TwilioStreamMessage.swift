import JSON

/// What Twilio sends on a media stream (protocol reference 1.6).
enum TwilioStreamMessage: Hashable, Sendable {
  case connected
  case start(Start)
  /// 20 ms of the person's voice; `timestamp` is its place in the stream, in milliseconds.
  case media(AudioPayload, timestamp: Int?)
  /// The audio before this mark was played, or thrown away by a `clear`.
  case mark(name: String)
  case stop
  /// Valid, and of no use here: DTMF, the other track, events of a later version.
  case ignored

  struct Start: Hashable, Sendable {
    var streamID: String
    var accountID: String
    var callID: ProviderCallID
    /// Only µ-law at 8 kHz, mono, can be passed through.
    var isSupported: Bool
  }

  /// The longest mark and stream id that are taken for real.
  private static let idLimit = 256

  /// Nil when the message is not one of Twilio's.
  static func parse(_ message: [UInt8]) -> TwilioStreamMessage? {
    media(message) ?? slow(message)
  }

  /// The fast path: media, and nothing else.
  private static func media(_ message: [UInt8]) -> TwilioStreamMessage? {
    message.withUnsafeBytes { bytes in
      var scanner = MessageScanner(bytes)
      var isMedia = false
      var isInbound = true
      var payload: Range<Int>?
      var timestamp: Int?
      while let member = scanner.next() {
        if member.depth == 1 {
          if scanner.matches(member.key, "event") {
            guard scanner.matches(member.value, "media") else { return nil }
            isMedia = true
          }
        } else if member.depth != 2 || !scanner.matches(scanner.parent, "media") {
          continue
        } else if scanner.matches(member.key, "payload"), member.isString {
          payload = member.value
        } else if scanner.matches(member.key, "timestamp") {
          timestamp = scanner.integer(member.value)
        } else if scanner.matches(member.key, "track") {
          isInbound = scanner.matches(member.value, "inbound")
        }
      }
      guard scanner.isWhole, isMedia, let payload else { return nil }
      return isInbound ? .media(AudioPayload(message: message, range: payload), timestamp: timestamp) : .ignored
    }
  }

  private static func slow(_ message: [UInt8]) -> TwilioStreamMessage? {
    guard let value = try? JSONValue.parse(message), let event = value["event"]?.stringValue else { return nil }
    switch event {
    case "connected": return .connected
    case "stop": return .stop
    case "start": return start(value)
    case "mark":
      guard let name = value["mark"]?["name"]?.stringValue, name.utf8.count <= idLimit else { return nil }
      return .mark(name: name)
    case "media":
      guard let media = value["media"], let payload = media["payload"]?.stringValue else { return nil }
      guard media["track"]?.stringValue ?? "inbound" == "inbound" else { return .ignored }
      let bytes = Array(payload.utf8)
      guard bytes.allSatisfy(isPlain) else { return nil }
      return .media(
        AudioPayload(message: bytes, range: 0..<bytes.count),
        timestamp: media["timestamp"]?.stringValue.flatMap { Int($0) })
    default: return .ignored
    }
  }

  private static func start(_ value: JSONValue) -> TwilioStreamMessage? {
    guard let start = value["start"], let stream = start["streamSid"]?.stringValue ?? value["streamSid"]?.stringValue,
      !stream.isEmpty, stream.utf8.count <= idLimit,
      let call = start["callSid"]?.stringValue, TwilioSID.isValid(call, prefix: "CA")
    else { return nil }
    let format = start["mediaFormat"]
    return .start(
      Start(
        streamID: stream, accountID: start["accountSid"]?.stringValue ?? "", callID: ProviderCallID(call),
        isSupported: format?["encoding"]?.stringValue == "audio/x-mulaw" && format?["sampleRate"]?.intValue == 8_000
          && format?["channels"]?.intValue ?? 1 == 1))
  }

  /// Whether a byte can be written into a JSON string as it is.
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }
}
