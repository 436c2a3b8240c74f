import Core
import Testing

@Suite struct EncodingTests {
  /// RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64Vectors(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
    #expect(Base64.decode(encoded.filter { $0 != "=" }) == Array(plain.utf8))
  }

  @Test func base64ReadsBothAlphabets() {
    #expect(Base64.decode("-_-_") == Base64.decode("+/+/"))
  }

  @Test(arguments: [
    "A", "AAAAA", "Zg=", "Zg===", "=", "====", "Zm=v", "Z===", "Zm9v Zg==", "Zh==", "Zm9=", "Zm9v\n", "é",
  ])
  func base64Refuses(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test(arguments: UInt64(1)...300) func bytesReadBack(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<Int(seed)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    var output: [UInt8] = [1, 2]
    Base64.append(bytes, to: &output)
    #expect(output == [1, 2] + Array(Base64.encode(bytes).utf8))
  }

  @Test func hexRefusesWhatIsNotHex() {
    #expect(Hex.decode("0") == nil)
    #expect(Hex.decode("0g") == nil)
    #expect(Hex.decode("aF") == [0xAF])
  }

  @Test(arguments: [Int64(0), 9, 10, -1, -10, 1_234_567_890, .max, .min]) func integersInDecimal(value: Int64) {
    var bytes: [UInt8] = []
    JSONText.appendInteger(value, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
  }
}
