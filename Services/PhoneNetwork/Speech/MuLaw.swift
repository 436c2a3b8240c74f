/// G.711 µ-law, as CPython's audioop has it (16-bit samples).
enum MuLaw {
  static func decode(_ byte: UInt8) -> Int16 {
    let bits = ~byte
    let magnitude = ((Int32(bits & 0x0F) << 3) + 0x84) << Int32((bits >> 4) & 7)
    return Int16(bits & 0x80 != 0 ? 0x84 - magnitude : magnitude - 0x84)
  }

  static func encode(_ sample: Int16) -> UInt8 {
    var value = Int32(sample) >> 2
    let mask: UInt8 = value < 0 ? 0x7F : 0xFF
    if value < 0 { value = -value }
    value = min(value, 8_159) + 33
    var segment: Int32 = 0
    while segment < 8 && value >= Int32(0x40) << segment { segment += 1 }
    guard segment < 8 else { return 0x7F ^ mask }
    return UInt8(segment << 4 | (value >> (segment + 1)) & 0xF) ^ mask
  }

  /// The absolute sample of each byte.
  private static let magnitudes: [Int32] = (0...255).map { abs(Int32(decode(UInt8($0)))) }

  /// Mean absolute sample of some audio, 0...32124: how loud it is.
  static func loudness(_ audio: UnsafeBufferPointer<UInt8>) -> Int {
    guard !audio.isEmpty else { return 0 }
    let sum = magnitudes.withUnsafeBufferPointer { table in
      var sum: Int32 = 0
      for byte in audio { sum &+= table[Int(byte)] }
      return sum
    }
    return Int(sum) / audio.count
  }

  /// Whether every byte is digital silence: what most frames of a call are, and the cheapest thing to know about one.
  static func isSilent(_ audio: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = UnsafeRawBufferPointer(audio)
    var offset = 0
    while offset + 8 <= raw.count {
      if raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != .max { return false }
      offset += 8
    }
    while offset < raw.count {
      if raw[offset] != AudioFrame.silence { return false }
      offset += 1
    }
    return true
  }
}
