import Core
import Testing

@testable import Nng

/// Messages are found in a stream however it is cut into reads.
@Suite struct MessageReaderTests {
  private static let limit = 200_000

  private static func framed(_ body: [UInt8], _ request: UInt32, _ framing: Framing) -> [UInt8] {
    let message = Message.make(capacity: body.count) { buffer in
      buffer.copyBytes(from: body)
      return body.count
    }
    return message.withFrame(for: RequestID(request), framing) { [UInt8]($0) }
  }

  /// Reads all of `stream` in pieces of up to `atMost` bytes. Returns what was handed out before it turned out malformed,
  /// if it did.
  private static func read(
    _ stream: [UInt8], _ framing: Framing, atMost: Int, _ generator: inout SeededGenerator
  ) -> (messages: [(UInt32, [UInt8])], isWellFormed: Bool, greeting: [UInt8]) {
    var reader = MessageReader(framing, limit: limit)
    var messages: [(UInt32, [UInt8])] = []
    var greeting: [UInt8] = []
    var offset = 0
    while offset < stream.count {
      let room = reader.room
      let count = min(Int.random(in: 1...atMost, using: &generator), stream.count - offset, room.count)
      room.copyBytes(from: stream[offset..<offset + count])
      offset += count
      do {
        try reader.take(count) {
          greeting = [UInt8]($0)
          return true
        } deliver: {
          messages.append(($0.number, [UInt8]($1)))
          return true
        }
      } catch {
        return (messages, false, greeting)
      }
    }
    return (messages, true, greeting)
  }

  @Test(arguments: UInt64(1)...60) func messagesArriveWhole(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let framing: Framing = seed % 2 == 0 ? .ipc : .tcp
    let sizes = [0, 1, 300, 65_519, 65_523, 65_524, 65_536, 70_000, Self.limit - 4]
    let sent = (0..<Int.random(in: 0...40, using: &generator)).map { _ -> (UInt32, [UInt8]) in
      let size =
        Int.random(in: 0..<4, using: &generator) == 0
        ? sizes.randomElement(using: &generator) ?? 0 : Int.random(in: 0...2_000, using: &generator)
      let filler = UInt8.random(in: 0...255, using: &generator)
      return (UInt32.random(in: 0..<1 << 31, using: &generator), [UInt8](repeating: filler, count: size))
    }
    let hello = MessageSocket.Role.request.greeting
    let stream = sent.reduce(hello) { $0 + Self.framed($1.1, $1.0, framing) }
    let (messages, isWellFormed, greeting) = Self.read(
      stream, framing, atMost: [7, 1_000, 100_000][Int(seed % 3)], &generator)
    #expect(isWellFormed && greeting == hello)
    #expect(messages.count == sent.count)
    #expect(zip(messages, sent).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 })
  }

  @Test(arguments: [Framing.tcp, .ipc]) func lengthsAreHeldToTheLimit(framing: Framing) {
    var generator = SeededGenerator(seed: 1)
    let kind: [UInt8] = framing == .ipc ? [1] : []
    for length in [0, 3, UInt64(Self.limit) + 1, 1 << 32, 1 << 63, .max] {
      let header = kind + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
      let read = Self.read([UInt8](repeating: 0, count: 8) + header, framing, atMost: 3, &generator)
      #expect(!read.isWellFormed, "\(length)")
    }
    // A request that is not the end of a path, and for Unix sockets a kind that is none.
    let path = Self.framed([1], 5, framing).enumerated().map { $0 == kind.count + 8 ? $1 & 0x7F : $1 }
    #expect(!Self.read([UInt8](repeating: 0, count: 8) + path, framing, atMost: 50, &generator).isWellFormed)
    if framing == .ipc {
      let unknown = [2] + Self.framed([1], 5, framing).dropFirst()
      #expect(!Self.read([UInt8](repeating: 0, count: 8) + unknown, framing, atMost: 50, &generator).isWellFormed)
    }
  }

  @Test func greetingsMustFit() {
    let (request, reply) = (MessageSocket.Role.request, MessageSocket.Role.reply)
    func accepts(_ role: MessageSocket.Role, _ greeting: [UInt8]) -> Bool {
      greeting.withUnsafeBytes { role.accepts($0) }
    }
    #expect(request.greeting == [0, 0x53, 0x50, 0, 0, 0x30, 0, 0])
    #expect(reply.greeting == [0, 0x53, 0x50, 0, 0, 0x31, 0, 0])
    #expect(accepts(request, reply.greeting) && accepts(reply, request.greeting))
    #expect(!accepts(request, request.greeting) && !accepts(reply, [0, 0x53, 0x50, 0, 0, 0x30, 0, 1]))
  }
}
