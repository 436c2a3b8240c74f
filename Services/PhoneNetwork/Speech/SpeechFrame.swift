/// One 20 ms frame of speech that carries, in its own samples, what is being said.
///
/// A µ-law byte is a sign, three bits of exponent and four bits of mantissa. Signs and exponents follow a voiced sound
/// of 125 Hz (`Voice`), so the frame is as loud as speech. The mantissas, which move a sample by less than 3 % of full
/// scale, hold 80 bytes, high nibble first:
///
///     0  2  synchronisation, A5 3C
///     2  4  utterance: the same number in every frame of one utterance, so that two are told apart
///     6  2  index of the word in the utterance, from 0
///     8  1  part: number of this frame within its word, from 0
///     9  1  parts: frames of the word
///    10  1  length of the word's text in bytes
///    11  .. the word in UTF-8, then filler
///    78  2  CRC-16/CCITT-FALSE of the 78 bytes before
///
/// Integers are big-endian. Every frame names the word, but a word counts as heard only when all its frames arrived,
/// whole and in order (`SpeechDecoder`): who was interrupted after half a word did not say it.
struct SpeechFrame: Hashable {
  static let payloadBytes = 80
  static let longestText = 64
  static let syncNibbles: (UInt8, UInt8, UInt8, UInt8) = (0xA, 0x5, 0x3, 0xC)
  private static let textOffset = 11
  private static let checksumOffset = 78

  var utterance: UInt32
  var word: UInt16
  var part: UInt8
  var parts: UInt8
  /// At most `longestText` bytes of UTF-8.
  var text: [UInt8]

  /// Appends the frame's 160 µ-law bytes.
  func append(to audio: inout [UInt8]) {
    var payload = (
      UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0)
    )
    withUnsafeMutableBytes(of: &payload) { bytes in
      bytes[0] = 0xA5
      bytes[1] = 0x3C
      bytes.storeBytes(of: utterance.bigEndian, toByteOffset: 2, as: UInt32.self)
      bytes.storeBytes(of: word.bigEndian, toByteOffset: 6, as: UInt16.self)
      bytes[8] = part
      bytes[9] = parts
      bytes[10] = UInt8(text.count)
      for (index, byte) in text.enumerated() { bytes[SpeechFrame.textOffset + index] = byte }
      var noise = utterance &+ UInt32(part) | 1
      for index in (SpeechFrame.textOffset + text.count)..<SpeechFrame.checksumOffset {
        noise ^= noise << 13
        noise ^= noise >> 17
        noise ^= noise << 5
        bytes[index] = UInt8(truncatingIfNeeded: noise)
      }
      let checksum = CRC16.checksum(UnsafeRawBufferPointer(bytes)[..<SpeechFrame.checksumOffset])
      bytes.storeBytes(of: checksum.bigEndian, toByteOffset: SpeechFrame.checksumOffset, as: UInt16.self)
      Voice.append(payload: UnsafeRawBufferPointer(bytes), part: Int(part), of: Int(parts), to: &audio)
    }
  }

  /// Whether `audio` could begin a frame; false rules it out.
  static func startsFrame(_ audio: UnsafeBufferPointer<UInt8>) -> Bool {
    ~audio[0] & 0xF == syncNibbles.0 && ~audio[1] & 0xF == syncNibbles.1 && ~audio[2] & 0xF == syncNibbles.2
      && ~audio[3] & 0xF == syncNibbles.3
  }

  /// The utterance and the word, in one number, of a frame that is the first of its word; nil for every other frame. Not
  /// checked: for measuring only.
  static func startedWord(in audio: UnsafeBufferPointer<UInt8>) -> UInt64? {
    guard audio.count >= AudioFrame.bytes, startsFrame(audio), ~audio[16] & 0xF == 0, ~audio[17] & 0xF == 0 else {
      return nil
    }
    return (4..<16).reduce(0) { $0 << 4 | UInt64(~audio[$1] & 0xF) }
  }

  /// Reads the frame that begins at the start of `audio`; nil when its checksum or its fields are wrong.
  init?(_ audio: UnsafeBufferPointer<UInt8>) {
    guard audio.count >= AudioFrame.bytes, SpeechFrame.startsFrame(audio) else { return nil }
    var payload = (
      UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0), UInt64(0)
    )
    let frame: SpeechFrame? = withUnsafeMutableBytes(of: &payload) { bytes in
      for index in 0..<SpeechFrame.payloadBytes {
        bytes[index] = (~audio[index * 2] & 0xF) << 4 | ~audio[index * 2 + 1] & 0xF
      }
      let sum = UInt16(bigEndian: bytes.load(fromByteOffset: SpeechFrame.checksumOffset, as: UInt16.self))
      let length = Int(bytes[10])
      guard sum == CRC16.checksum(UnsafeRawBufferPointer(bytes)[..<SpeechFrame.checksumOffset]),
        length <= SpeechFrame.longestText, bytes[8] < bytes[9]
      else { return nil }
      return SpeechFrame(
        utterance: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)),
        word: UInt16(bigEndian: bytes.load(fromByteOffset: 6, as: UInt16.self)), part: bytes[8], parts: bytes[9],
        text: Array(bytes[SpeechFrame.textOffset..<(SpeechFrame.textOffset + length)]))
    }
    guard let frame else { return nil }
    self = frame
  }

  init(utterance: UInt32, word: UInt16, part: UInt8, parts: UInt8, text: [UInt8]) {
    precondition(text.count <= SpeechFrame.longestText && part < parts, "a frame holds one part of one word")
    self.utterance = utterance
    self.word = word
    self.part = part
    self.parts = parts
    self.text = text
  }
}

/// CRC-16/CCITT-FALSE: polynomial 1021, initial value FFFF.
enum CRC16 {
  private static let table: [UInt16] = (0..<256).map { index in
    var value = UInt16(index) << 8
    for _ in 0..<8 { value = value & 0x8000 != 0 ? value << 1 ^ 0x1021 : value << 1 }
    return value
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
    table.withUnsafeBufferPointer { table in
      var value: UInt16 = 0xFFFF
      for byte in bytes { value = value << 8 ^ table[Int(UInt8(truncatingIfNeeded: value >> 8) ^ byte)] }
      return value
    }
  }
}
