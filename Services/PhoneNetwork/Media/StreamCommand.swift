import Core
import JSON

/// What the other end of a Media Streams socket says.
enum StreamCommand: Hashable, Sendable {
  /// µ-law audio to play.
  case media([UInt8])
  case mark(String)
  case clear
  /// Not understood: error 31951, reported once a stream.
  case invalid

  /// Reads a message of the socket whose stream is `streamSid`.
  init(_ text: [UInt8], streamSid: [UInt8]) {
    if let payload = StreamCommand.payload(in: text, streamSid: streamSid) {
      self = Base64.decode(Array(text[payload])).map { .media($0) } ?? .invalid
      return
    }
    guard let json = try? JSONValue.parse(text), let sid = json["streamSid"]?.stringValue,
      sid.utf8.elementsEqual(streamSid)
    else {
      self = .invalid
      return
    }
    switch json["event"]?.stringValue {
    case "media":
      self = json["media"]?["payload"]?.stringValue.flatMap { Base64.decode($0) }.map { .media($0) } ?? .invalid
    case "mark": self = json["mark"]?["name"]?.stringValue.map { .mark($0) } ?? .invalid
    case "clear": self = .clear
    default: self = .invalid
    }
  }

  private static let head = Array(#"{"event":"media","streamSid":""#.utf8)
  private static let middle = Array(#"","media":{"payload":""#.utf8)
  private static let tail = Array(#""}}"#.utf8)

  /// Where the payload stands in a media message written the usual way; other forms are parsed.
  private static func payload(in text: [UInt8], streamSid: [UInt8]) -> Range<Int>? {
    let start = head.count + streamSid.count + middle.count
    let end = text.count - tail.count
    guard start <= end, text.starts(with: head), text[head.count...].starts(with: streamSid),
      text[(head.count + streamSid.count)...].starts(with: middle), text[end...].elementsEqual(tail)
    else { return nil }
    return start..<end
  }
}
