import Crypto
import Testing

/// Vectors from the standards that define the functions.
@Suite struct CryptoTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  @Test func sha256MatchesFIPS180() {
    #expect(
      SHA256.hexadecimal(bytes("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hexadecimal([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hash("abc") == SHA256.hash(bytes("abc")))
  }

  @Test func streamedHashEqualsOneShot() {
    let message = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var stream = SHA256Stream()
    for start in stride(from: 0, to: message.count, by: 777) {
      stream.update(Array(message[start..<min(start + 777, message.count)]))
    }
    #expect(stream.finish() == SHA256.hash(message))
  }

  @Test func sha1MatchesFIPS180() {
    #expect(hexadecimal(SHA1.hash(bytes("abc"))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
  }

  @Test func hmacMatchesRFC2202AndRFC4231() {
    let key = bytes("Jefe")
    let data = bytes("what do ya want for nothing?")
    #expect(hexadecimal(HMAC.sha1(key: key, data: data)) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    #expect(
      hexadecimal(HMAC.sha256(key: key, data: data))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func hmacTakesAnEmptyKeyAndEmptyData() {
    #expect(
      hexadecimal(HMAC.sha256(key: [], data: []))
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  @Test func hmacTakesAKeyLongerThanABlock() {
    let key = [UInt8](repeating: 0xaa, count: 131)
    let data = bytes("Test Using Larger Than Block-Size Key - Hash Key First")
    #expect(
      hexadecimal(HMAC.sha256(key: key, data: data))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test func constantTimeEqualityIsEquality() {
    #expect(constantTimeEqual([], []))
    #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
  }

  @Test func randomBytesHaveTheCountAskedForAndDiffer() {
    #expect(SecureRandom.bytes(0).isEmpty)
    #expect(SecureRandom.bytes(32).count == 32)
    #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
  }
}
