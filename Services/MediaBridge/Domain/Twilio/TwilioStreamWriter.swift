import JSON

/// Writes what the bridge sends on one media stream.
struct TwilioStreamWriter: Sendable {
  /// `{"event":"media","streamSid":"…","media":{"payload":"`, made once a stream.
  private let mediaPrefix: [UInt8]
  private let streamID: String

  private static let mediaSuffix = Array("\"}}".utf8)

  init(streamID: String) {
    self.streamID = streamID
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("event", "media")
    writer.member("streamSid", streamID)
    writer.key("media")
    writer.beginObject()
    writer.key("payload")
    mediaPrefix = writer.bytes + [UInt8(ascii: "\"")]
  }

  /// Audio to play after all that was sent before, written over what `buffer` held: it is used again and again.
  func media(_ audio: AudioPayload, to buffer: inout [UInt8]) {
    buffer.removeAll(keepingCapacity: true)
    buffer.append(contentsOf: mediaPrefix)
    buffer.append(contentsOf: audio.message[audio.range])
    buffer.append(contentsOf: Self.mediaSuffix)
  }

  /// Asks to be told when all that was sent before has been played.
  func mark(_ name: String) -> [UInt8] {
    event("mark") { writer in
      writer.key("mark")
      writer.beginObject()
      writer.member("name", name)
      writer.endObject()
    }
  }

  /// Throws away what has not been played.
  func clear() -> [UInt8] {
    event("clear") { _ in }
  }

  private func event(_ name: String, _ rest: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("event", name)
    writer.member("streamSid", streamID)
    rest(&writer)
    writer.endObject()
    return writer.bytes
  }
}
