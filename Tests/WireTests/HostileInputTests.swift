import ConformanceMessages
import Core
import RingmasterMessages
import Testing

@testable import Wire

/// Bytes that no encoder wrote: an error or a message, never a crash, and no memory kept.
@Suite struct HostileInputTests {
  static let full = Outer(
    middle: Outer.Middle(
      inner: Outer.Middle.Inner(cores: [Outer.Middle.Inner.Core(level: .low)]),
      cores: ["k": Outer.Middle.Inner.Core(color: .red)]),
    scalars: Scalars(aDouble: 1, anInt32: -5, aString: "text", someBytes: [1, 2, 3], color: .red),
    lists: Lists(
      doubles: [1, 2], int32s: [1, -1], bools: [true, false], strings: ["a", ""], byteStrings: [[], [0]],
      colors: [.red, .unrecognized(4)], places: [Place(weather: [.snow])], times: [Timestamp(seconds: 1, nanos: 2)]),
    maps: Maps(byString: ["a": "b"], byUint64: [7: [9]], byBool: [true: .red], bySint32: [-1: Place(latitude: 3)]),
    choices: [Choice(kind: .aString("x")), Choice(kind: .place(Place(longitude: 4)))])

  @Test func textThatIsNotUTF8IsRefused() {
    for text: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
      let bytes = [0x72, UInt8(text.count)] + text
      #expect(throws: WireError(message: "ringmaster.conformance.Scalars.a_string: not UTF-8")) {
        try Scalars.decode(bytes)
      }
    }
  }

  @Test func zeroCharactersAreRefusedNotCutOff() {
    let expected = WireError(message: "ringmaster.conformance.Scalars.a_string: holds a NUL character")
    for text: [UInt8] in [[0], [0x61, 0], [0, 0x61], [0x61, 0, 0xFF]] {
      #expect(throws: expected) { try Scalars.decode([0x72, UInt8(text.count)] + text) }
    }
    #expect(throws: WireError.self) { try Maps.decode([0x0A, 0x03, 0x0A, 0x01, 0x00]) }
    #expect(throws: WireError.self) { try Lists.decode([0x72, 0x01, 0x00]) }
    #expect(throws: WireError.self) { try Choice.decode([0x4A, 0x01, 0x00]) }
  }

  @Test func emptyTextOnTheWireIsEmptyText() throws {
    #expect(try Scalars.decode([0x72, 0x00]) == Scalars())
    #expect(try Choice.decode([0x4A, 0x00]).kind == .aString(""))
    #expect(try Lists.decode([0x72, 0x00, 0x72, 0x00]).strings == ["", ""])
  }

  @Test func malformedBytesAreRefused() {
    let malformed: [[UInt8]] = [
      [0x00], [0x08], [0x72, 0x05, 0x61], [0x18] + [UInt8](repeating: 0xFF, count: 11), [0x1B, 0x1C],
      [0xD8, 0x9A, 0xDD, 0xCD, 0x12, 0xE3, 0x49],  // A field number beyond 2^29 - 1.
      [0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
    ]
    for bytes in malformed {
      #expect(throws: WireError(message: "ringmaster.conformance.Scalars: malformed bytes")) {
        try Scalars.decode(bytes)
      }
    }
  }

  @Test func everyTruncationIsRefusedOrRead() {
    let bytes = Self.full.encoded()
    for count in 0..<bytes.count { _ = try? Outer.decode(bytes[..<count]) }
    #expect(throws: WireError.self) { try Outer.decode(bytes.dropLast()) }
  }

  @Test func aMessageThatBlowsUpInMemoryIsRefused() throws {
    // 20,000 empty leads are 40 KB on the wire and 4 MB as structs.
    let bytes = [[UInt8]](repeating: [0x12, 0x00], count: 20_000).flatMap { $0 }
    let error = #expect(throws: WireError.self) { try LeadsAdded.decode(bytes) }
    #expect(error?.message.contains("memory") == true)
    #expect(try LeadsAdded.decode(bytes.prefix(8_000)).leads.count == 4_000)
    #expect(try Lists(strings: [String](repeating: "", count: 200_000)).roundTripped().strings.count == 200_000)
  }

  @Test func realMessagesStayFarBelowTheLimit() throws {
    let leads = (0..<500).map { Lead(leadId: "\($0)", phone: "+6149157\($0)", firstName: "A", attempts: 1) }
    #expect(try LeadsAdded(campaignId: "c", leads: leads).roundTripped().leads == leads)
  }

  @Test func memoryIsGivenBackAfterEachMessage() throws {
    let state = ArenaState.ofThisThread
    let (cursor, chunk) = (state.pointee.cursor, state.pointee.chunk)
    let large = Scalars(aString: String(repeating: "x", count: 300_000), someBytes: [UInt8](repeating: 1, count: 9_000))
    for bytes in [Self.full.encoded(), large.encoded(), [0x72, 0x05], [UInt8](repeating: 0x12, count: 100_000)] {
      _ = try? Scalars.decode(bytes)
      _ = try? Outer.decode(bytes)
    }
    _ = large.encoded()
    #expect(state.pointee.cursor == cursor)
    #expect(state.pointee.chunk == chunk)
    #expect(state.pointee.large == nil)
  }

  @Test(arguments: UInt64(1)...20) func mutatedBytesNeverCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let state = ArenaState.ofThisThread
    let cursor = state.pointee.cursor
    let samples: [(any WireMessage.Type, [UInt8])] = [
      (Outer.self, Self.full.encoded()), (Lists.self, Self.full.lists?.encoded() ?? []),
      (Maps.self, Self.full.maps?.encoded() ?? []), (Wide.self, Wide(f1: "a", f11: 5, f22: [1, 2]).encoded()),
      (Lead.self, Lead(leadId: "l", attributes: ["k": "v"], createdAt: Timestamp(seconds: 5)).encoded()),
      (RpcBatch.self, RpcBatch(calls: [RpcCall(id: 1, method: "m", request: [1])], cancels: [4, 5]).encoded()),
    ]
    for turn in 0..<1_000 {
      let (type, bytes) = samples[turn % samples.count]
      let hostile = Self.mutated(bytes, using: &generator)
      // What is read can be written, and reads the same again (NaN apart, which no sample holds but a mutation may).
      if let message = try? type.decode(hostile) {
        let again = message.encoded()
        #expect((try? type.decode(again))?.encoded() == again, "seed \(seed), turn \(turn): \(hostile)")
      }
    }
    #expect(state.pointee.cursor == cursor)
  }

  private static func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes.insert(.random(in: 0...255, using: &generator), at: place)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + 7))
      default: bytes.insert(contentsOf: bytes.prefix(Int.random(in: 0...30, using: &generator)), at: place)
      }
    }
    return bytes
  }

  @Test func threadsDoNotDisturbEachOther() async throws {
    try await withThrowingTaskGroup { group in
      for worker in 0..<8 {
        group.addTask {
          for turn in 0..<300 {
            let message = Scalars(anInt32: Int32(turn), aString: String(repeating: "\(worker)", count: turn * 7))
            let outer = Outer(scalars: message, lists: Lists(strings: [message.aString, "x"]))
            let again = try outer.roundTripped()
            #expect(again == outer)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

extension WireMessage {
  func roundTripped() throws -> Self { try Self.decode(encoded()) }
}
