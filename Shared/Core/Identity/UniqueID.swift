/// A UUID. New ones are version 7 (RFC 9562): ordered by real time of creation, so that indexes grow at their end.
public struct UniqueID: Hashable, Comparable, Sendable, LosslessStringConvertible {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A fresh id: 48 bits of milliseconds, 12 bits of the fraction of a millisecond (RFC 9562, 6.2, method 3), 62 random.
  public static func random() -> UniqueID {
    var generator = SystemRandomNumberGenerator()
    return random(at: .wallClock(), using: &generator)
  }

  static func random(at instant: Instant, using generator: inout some RandomNumberGenerator) -> UniqueID {
    let (milliseconds, micros) = instant.microsecondsSince1970.flooringDivision(by: 1_000)
    let fraction = UInt64(micros) * 4_096 / 1_000
    let time = UInt64(truncatingIfNeeded: milliseconds) << 16
    return UniqueID(
      high: time | 0x7000 | fraction, low: generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
  }

  /// The id that these parts always give (version 8), for things that must have the same id whoever names them.
  ///
  /// Two lists give the same id only by a chance of 2^-122. Somebody who wants two that do can find them: never derive
  /// an id that protects something.
  public static func derived(from parts: String...) -> UniqueID {
    derived(from: parts)
  }

  public static func derived(from parts: [String]) -> UniqueID {
    let (high, low) = StableHash.hash(parts, seed: 0, wide: true)
    return UniqueID(
      high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000, low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
  }

  /// Reads the canonical form, `0195b0a4-7c00-7d3e-8f00-2b9c7a5d1e42`, in either case; nil for anything else.
  public init?(_ text: String) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var digits = 0
    var position = 0
    for byte in text.utf8 {
      if position == 8 || position == 13 || position == 18 || position == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
      } else {
        guard let digit = Hex.digit(byte), digits < 32 else { return nil }
        if digits < 16 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
        digits += 1
      }
      position += 1
    }
    guard position == 36, digits == 32 else { return nil }
    self.init(high: high, low: low)
  }

  /// The canonical 36 characters, lower case.
  public var description: String {
    unsafe String(unsafeUninitializedCapacity: 36) { buffer in
      var position = 0
      for index in 0..<32 {
        if index == 8 || index == 12 || index == 16 || index == 20 {
          unsafe buffer[position] = UInt8(ascii: "-")
          position += 1
        }
        let word = index < 16 ? high : low
        unsafe buffer[position] = Hex.character(UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4)) & 15)
        position += 1
      }
      return 36
    }
  }

  /// The sixteen bytes, most significant first, as Postgres and RFC 9562 order them.
  public var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
  }

  /// From sixteen bytes, most significant first; nil for another number.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in bytes.enumerated() {
      if index < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
    }
    self.init(high: words.0, low: words.1)
  }

  public static func < (left: UniqueID, right: UniqueID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}
