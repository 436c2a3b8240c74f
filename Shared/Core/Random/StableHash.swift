/// A hash of `parts` that is the same in every process, on every machine, for ever: for seeds, shards and partitions.
///
/// SipHash-2-4. Each part is hashed with its length, so ("ab", "c") and ("a", "bc") differ. Not for secrets.
public func hash64(_ parts: String..., seed: UInt64 = 0) -> UInt64 {
  StableHash.hash(parts, seed: seed, wide: false).low
}

enum StableHash {
  static func hash(_ parts: [String], seed: UInt64, wide: Bool) -> (high: UInt64, low: UInt64) {
    var bytes: [UInt8] = []
    for part in parts {
      let length = UInt64(part.utf8.count)
      for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
      bytes.append(contentsOf: part.utf8)
    }
    return SipHash.hash(bytes, key: (seed, 0x7269_6E67_6D61_7374), wide: wide)
  }
}

/// SipHash-2-4 with 64 or 128 bits of result (Aumasson and Bernstein; reference implementation github.com/veorq/SipHash).
enum SipHash {
  static func hash(_ bytes: [UInt8], key: (UInt64, UInt64), wide: Bool) -> (high: UInt64, low: UInt64) {
    var state = State(key: key, wide: wide)
    var word: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      word |= UInt64(byte) << UInt64(index % 8 * 8)
      if index % 8 == 7 {
        state.absorb(word)
        word = 0
      }
    }
    state.absorb(word | UInt64(truncatingIfNeeded: bytes.count) << 56)
    state.v2 ^= wide ? 0xEE : 0xFF
    let low = state.squeeze()
    guard wide else { return (0, low) }
    state.v1 ^= 0xDD
    return (state.squeeze(), low)
  }

  private struct State {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(key: (UInt64, UInt64), wide: Bool) {
      v0 = 0x736F_6D65_7073_6575 ^ key.0
      v1 = 0x646F_7261_6E64_6F6D ^ key.1 ^ (wide ? 0xEE : 0)
      v2 = 0x6C79_6765_6E65_7261 ^ key.0
      v3 = 0x7465_6462_7974_6573 ^ key.1
    }

    mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    mutating func squeeze() -> UInt64 {
      for _ in 0..<4 { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
      v0 &+= v1
      v1 = rotate(v1, 13) ^ v0
      v0 = rotate(v0, 32)
      v2 &+= v3
      v3 = rotate(v3, 16) ^ v2
      v0 &+= v3
      v3 = rotate(v3, 21) ^ v0
      v2 &+= v1
      v1 = rotate(v1, 17) ^ v2
      v2 = rotate(v2, 32)
    }

    private func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
      value << count | value >> (64 - count)
    }
  }
}
