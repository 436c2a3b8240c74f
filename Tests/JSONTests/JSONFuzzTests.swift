import Core
import JSON
import Testing

@Suite struct JSONFuzzTests {
  /// 100 seeds with 100 inputs each; a failure names its seed.
  @Test(arguments: UInt64(1)...100) func whatIsWrittenReadsBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let value = randomValue(depth: 3, &generator)
      #expect(try JSONValue.parse(value.serialize()) == value)
      #expect(try JSONValue.parse(value.serializedBytes(pretty: true)) == value)
    }
  }

  @Test(arguments: UInt64(1)...100) func mutatedTextNeverCrashes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      var bytes = randomValue(depth: 3, &generator).serializedBytes(pretty: Bool.random(using: &generator))
      for _ in 0..<Int.random(in: 1...8, using: &generator) { mutate(&bytes, &generator) }
      // Whatever is accepted must survive being written.
      guard let value = try? JSONValue.parse(bytes) else { continue }
      #expect((try? JSONValue.parse(value.serialize())) == value)
    }
  }

  @Test(arguments: UInt64(1)...100) func randomBytesNeverCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("{}[]\",:\\ue+-.0123456789tfnrl \n\u{0}".utf8) + [0xC3, 0xA9, 0xFF, 0xED]
    for _ in 0..<100 {
      let length = Int.random(in: 0...64, using: &generator)
      let bytes = (0..<length).map { _ in alphabet.randomElement(using: &generator)! }
      _ = try? JSONValue.parse(bytes)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    guard let index = bytes.indices.randomElement(using: &generator) else { return }
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
    case 1: bytes.remove(at: index)
    case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
    case 3: bytes.removeSubrange(index...)
    default: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
    }
  }

  private func randomValue(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .integer(Int64(truncatingIfNeeded: generator.next() >> UInt64.random(in: 0..<64, using: &generator)))
    case 3:
      let value = Double(bitPattern: generator.next())
      return .number(value.isFinite ? value : 0.1)
    case 4: return .number(.random(in: -1e6...1e6, using: &generator))
    case 5: return .string(randomString(&generator))
    case 6:
      let count = Int.random(in: 0...4, using: &generator)
      return .array((0..<count).map { _ in randomValue(depth: depth - 1, &generator) })
    default:
      var object = JSONObject()
      let count = Int.random(in: 0...(depth == 1 ? 20 : 4), using: &generator)
      for _ in 0..<count {
        object[randomString(&generator)] = randomValue(depth: depth - 1, &generator)
      }
      return .object(object)
    }
  }

  private func randomString(_ generator: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let limit: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x10FFFF
      text.unicodeScalars.append(Unicode.Scalar(.random(in: 0...limit, using: &generator)) ?? "\"")
    }
    return text
  }
}
