import Glibc
import HTTP
import Synchronization

/// One call: frames of a telephony media stream become appends to a voice engine's input, its audio becomes media
/// frames. Audio stays base64 as it came; only the JSON around it changes.
final class MediaRelay: Sendable {
  private let caller: WebSocket
  private let upstream: String
  private let streamID = Mutex<[UInt8]>([])

  init(_ caller: WebSocket, upstream: String) {
    self.caller = caller
    self.upstream = upstream
  }

  func run() async throws {
    let engine = try await WebSocketClient.connect(url: upstream)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.pumpFromCaller(to: engine) }
      group.addTask { try await self.pumpToCaller(from: engine) }
      try await group.next()
      group.cancelAll()
    }
  }

  private func pumpFromCaller(to engine: WebSocket) async throws {
    while case .text(let text)? = try await caller.receive() {
      if let audio = Self.value(of: "\"payload\":\"", in: text) {
        try await engine.send(
          text: Self.frame("{\"type\":\"input_audio_buffer.append\",\"audio\":\"", text[audio], "\"}"))
      } else if let id = Self.value(of: "\"streamSid\":\"", in: text) {
        streamID.withLock { $0 = Array(text[id]) }
      }
    }
  }

  private func pumpToCaller(from engine: WebSocket) async throws {
    while case .text(let text)? = try await engine.receive() {
      guard let audio = Self.value(of: "\"delta\":\"", in: text) else { continue }
      let id = streamID.withLock { $0 }
      var head: [UInt8] = []
      head.reserveCapacity(512)
      head.append(contentsOf: "{\"event\":\"media\",\"streamSid\":\"".utf8)
      head.append(contentsOf: id)
      head.append(contentsOf: "\",\"media\":{\"payload\":\"".utf8)
      head.append(contentsOf: text[audio])
      head.append(contentsOf: "\"}}".utf8)
      try await caller.send(text: head)
    }
  }

  private static func frame(_ head: String, _ audio: ArraySlice<UInt8>, _ tail: String) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(head.utf8.count + audio.count + tail.utf8.count)
    frame.append(contentsOf: head.utf8)
    frame.append(contentsOf: audio)
    frame.append(contentsOf: tail.utf8)
    return frame
  }

  /// Where the string lies that follows `key`, up to its closing quote.
  private static func value(of key: StaticString, in text: [UInt8]) -> Range<Int>? {
    text.withUnsafeBytes { bytes in
      key.withUTF8Buffer { key in
        guard let found = bytes.firstRange(of: key) else { return nil }
        let start = found + key.count
        guard let length = bytes[start...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return start..<length
      }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Where `pattern` first occurs.
  fileprivate func firstRange(of pattern: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = baseAddress, let needle = pattern.baseAddress, pattern.count > 0 else { return nil }
    var index = 0
    while index + pattern.count <= count,
      let found = memchr(base + index, Int32(pattern[0]), count - index - pattern.count + 1)
    {
      index = base.distance(to: UnsafeRawPointer(found))
      if memcmp(base + index, needle, pattern.count) == 0 {
        return index
      }
      index += 1
    }
    return nil
  }
}
