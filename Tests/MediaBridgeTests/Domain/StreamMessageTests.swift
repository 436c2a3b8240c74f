import Core
import JSON
import Testing

@testable import MediaBridge

@Suite struct StreamMessageTests {
  let media = Array(
    #"{"event":"media","sequenceNumber":"2","streamSid":"MZ01","media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"//7+AAAA"}}"#
      .utf8)

  func text(_ audio: AudioPayload) -> String { String(decoding: audio.message[audio.range], as: UTF8.self) }

  @Test func mediaIsTakenAsItStands() throws {
    guard case .media(let audio, let timestamp) = TwilioStreamMessage.parse(media) else {
      Issue.record("not media")
      return
    }
    #expect(text(audio) == "//7+AAAA")
    #expect(audio.message == media)
    #expect(timestamp == 20)
    #expect(audio.byteCount == 6)
  }

  @Test func mediaWithEscapesAndSpacesGoesTheSlowWay() {
    let message = Array(#" { "media" : { "payload" : "\/\/7+" , "timestamp" : "40" } , "ev\u0065nt" : "media" } "#.utf8)
    guard case .media(let audio, let timestamp) = TwilioStreamMessage.parse(message) else {
      Issue.record("not media")
      return
    }
    #expect(text(audio) == "//7+")
    #expect(timestamp == 40)
  }

  @Test func theAgentsOwnTrackIsNotHeard() {
    let message = Array(#"{"event":"media","media":{"track":"outbound","payload":"AAAA"}}"#.utf8)
    #expect(TwilioStreamMessage.parse(message) == .ignored)
  }

  @Test func theStartNamesTheCall() {
    let message = Array(
      #"{"event":"start","streamSid":"MZ01","start":{"streamSid":"MZ01","accountSid":"AC01","callSid":"CA00000000000000000000000000000001","tracks":["inbound"],"customParameters":{},"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#
        .utf8)
    #expect(
      TwilioStreamMessage.parse(message)
        == .start(
          .init(
            streamID: "MZ01", accountID: "AC01", callID: ProviderCallID("CA00000000000000000000000000000001"),
            isSupported: true)))
  }

  @Test(arguments: [
    (#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#, TwilioStreamMessage.connected),
    (#"{"event":"mark","streamSid":"MZ01","mark":{"name":"item_1:200"}}"#, .mark(name: "item_1:200")),
    (#"{"event":"stop","streamSid":"MZ01","stop":{}}"#, .stop), (#"{"event":"dtmf","dtmf":{"digit":"5"}}"#, .ignored),
    (#"{"event":"later"}"#, .ignored),
  ])
  func otherMessagesAreRead(text: String, expected: TwilioStreamMessage) {
    #expect(TwilioStreamMessage.parse(Array(text.utf8)) == expected)
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}", #"{"event":7}"#, #"{"event":"media"}"#, #"{"event":"mark"}"#, #"{"event":"start"}"#,
    #"{"event":"media","media":{"payload":"a\"b"}}"#, #"{"event":"start","start":{"streamSid":"","callSid":"CA1"}}"#,
  ])
  func whatIsNoMessageIsRefused(text: String) {
    #expect(TwilioStreamMessage.parse(Array(text.utf8)) == nil)
  }

  @Test func writtenMediaIsTheSameAudio() throws {
    guard case .media(let audio, _) = TwilioStreamMessage.parse(media) else { return }
    var buffer: [UInt8] = []
    let writer = TwilioStreamWriter(streamID: #"MZ"1"#)
    for _ in 0..<2 {
      writer.media(audio, to: &buffer)
      let value = try JSONValue.parse(buffer)
      #expect(value == ["event": "media", "streamSid": #"MZ"1"#, "media": ["payload": "//7+AAAA"]])
    }
    #expect(
      try JSONValue.parse(writer.mark("a:1")) == ["event": "mark", "streamSid": #"MZ"1"#, "mark": ["name": "a:1"]])
    #expect(try JSONValue.parse(writer.clear()) == ["event": "clear", "streamSid": #"MZ"1"#])
  }

  /// Whatever arrives, nothing traps; and what the fast path takes, the parser takes for the same.
  @Test(arguments: UInt64(1)...50) func mutatedMessagesAreHarmless(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let event = Array(
      #"{"type":"response.output_audio.delta","item_id":"item_1","delta":"AAAA","content_index":0}"#.utf8)
    for _ in 0..<400 {
      var message = Bool.random(using: &generator) ? media : event
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        message.mutate(using: &generator)
      }
      _ = RealtimeServerEvent.parse(message)
      guard case .media(let audio, _) = TwilioStreamMessage.parse(message) else { continue }
      #expect(audio.byteCount >= 0)
      #expect(audio.range.allSatisfy { audio.message[$0] >= 0x20 && audio.message[$0] != UInt8(ascii: "\"") })
      // Of members that stand twice either may count.
      guard let value = try? JSONValue.parse(message), audio.message == message,
        String(decoding: message, as: UTF8.self).split(separator: "\"media\":").count == 2
      else { continue }
      #expect(value["media"]?["payload"]?.stringValue == text(audio))
    }
  }

  @Test(arguments: 0...40) func audioIsCountedWithoutDecodingIt(count: Int) {
    let encoded = Array(Base64.encode([UInt8](repeating: 0x7F, count: count)).utf8)
    #expect(AudioPayload(message: encoded, range: 0..<encoded.count).byteCount == count)
  }
}

extension [UInt8] {
  /// One random change: a byte, a removal, a doubling, an end.
  mutating func mutate(using generator: inout SeededGenerator) {
    guard !isEmpty else {
      append(.random(in: 0...255, using: &generator))
      return
    }
    let index = Int.random(in: 0..<count, using: &generator)
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: self[index] = .random(in: 0...255, using: &generator)
    case 1: self[index] = Array(#"{}[]":,\0e"#.utf8).randomElement(using: &generator) ?? 0
    case 2: remove(at: index)
    case 3: insert(contentsOf: self[index..<Swift.min(index + 16, count)], at: index)
    default: removeSubrange(index...)
    }
  }
}
