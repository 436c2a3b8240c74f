/// Walks through the members of a JSON object in place, nested objects included: the fast path for the two messages that
/// come fifty times a second on every call.
///
/// Understands objects whose strings hold no escapes and that hold no arrays; a comma too few or too many does not matter to
/// it. Anything else ends with `isWhole` false: such a message is for the real parser.
struct MessageScanner {
  /// A member whose value is no object.
  struct Member {
    /// 1 for members of the outermost object.
    var depth: Int
    var key: Range<Int>
    /// Of a string what stands between its quotes, else the value as written.
    var value: Range<Int>
    var isString: Bool
  }

  private static let depthLimit = 4

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0
  /// Key of the object in the outermost one that was entered last.
  private(set) var parent = 0..<0
  private(set) var isWhole = false

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    skipSpace()
    if take(UInt8(ascii: "{")) {
      depth = 1
    } else {
      position = bytes.count
    }
  }

  /// The next member; nil at the end, or where the scanner gives up.
  mutating func next() -> Member? {
    while depth > 0 {
      skipSpace()
      if take(UInt8(ascii: "}")) {
        depth -= 1
        skipSpace()
        if depth > 0 { _ = take(UInt8(ascii: ",")) }
        continue
      }
      guard let key = string() else { return nil }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipSpace()
      if take(UInt8(ascii: "{")) {
        depth += 1
        guard depth <= Self.depthLimit else { return nil }
        if depth == 2 { parent = key }
        continue
      }
      let isString = position < bytes.count && bytes[position] == UInt8(ascii: "\"")
      guard let value = isString ? string() : word() else { return nil }
      skipSpace()
      _ = take(UInt8(ascii: ","))
      return Member(depth: depth, key: key, value: value, isString: isString)
    }
    isWhole = position == bytes.count && position > 0
    return nil
  }

  /// Whether the bytes of `range` are those of `text`.
  func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count where bytes[range.lowerBound + offset] != text.utf8Start[offset] { return false }
    return true
  }

  /// The number written in `range`; nil when it is none of at most fifteen digits.
  func integer(_ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 15 else { return nil }
    var value = 0
    for index in range {
      let digit = bytes[index] &- 0x30
      guard digit <= 9 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] == 0x20 || (bytes[position] >= 0x09 && bytes[position] <= 0x0D) {
      position += 1
    }
  }

  /// `true`, `null`, a number: anything up to what may follow a value.
  private mutating func word() -> Range<Int>? {
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
        position += 1
      default:
        return position > start ? start..<position : nil
      }
    }
    return nil
  }

  /// Steps over a string without escapes, eight bytes at a time.
  private mutating func string() -> Range<Int>? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = position
    while position + 8 <= bytes.count {
      let special = Self.special(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      if special != 0 {
        position += UInt64(littleEndian: special).trailingZeroBitCount / 8
        return close(start)
      }
      position += 8
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return close(start) }
      position += 1
    }
    return nil
  }

  private mutating func close(_ start: Int) -> Range<Int>? {
    let range = start..<position
    return take(UInt8(ascii: "\"")) ? range : nil
  }

  /// Marks the bytes of a word that end a run of plain characters: quote, backslash, control. The lowest mark is exact.
  private static func special(_ word: UInt64) -> UInt64 {
    let low: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (low &* 0x22)
    let backslash = word ^ (low &* 0x5C)
    let quotes = (quote &- low) & ~quote
    let backslashes = (backslash &- low) & ~backslash
    let controls = (word &- (low &* 0x20)) & ~word
    return (quotes | backslashes | controls) & high
  }
}
