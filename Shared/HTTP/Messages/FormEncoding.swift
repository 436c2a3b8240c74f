import Glibc

/// `application/x-www-form-urlencoded` (WHATWG URL section 5), used for queries, forms and webhooks.
public enum FormEncoding {
  /// Pairs in the order sent. Lenient as the standard asks: a `%` without two digits stays, bad UTF-8 is replaced.
  public static func decode(_ bytes: [UInt8]) -> [(String, String)] {
    bytes.withUnsafeBytes { bytes in
      var pairs: [(String, String)] = []
      var start = 0
      while start < bytes.count {
        let end = index(of: UInt8(ascii: "&"), in: bytes, start..<bytes.count)
        if end > start {
          let equals = index(of: UInt8(ascii: "="), in: bytes, start..<end)
          pairs.append((text(bytes, start..<equals), text(bytes, min(equals + 1, end)..<end)))
        }
        start = end + 1
      }
      return pairs
    }
  }

  /// Everything but `A-Z a-z 0-9 * - . _` is escaped; a space becomes `+`.
  public static func encode(_ pairs: some Sequence<(String, String)>) -> String {
    var output: [UInt8] = []
    for (name, value) in pairs {
      if !output.isEmpty {
        output.append(UInt8(ascii: "&"))
      }
      escape(name, into: &output, spaceAsPlus: true)
      output.append(UInt8(ascii: "="))
      escape(value, into: &output, spaceAsPlus: true)
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// One path segment or query value for a URL, with `%20` for a space.
  public static func percentEncode(_ text: String) -> String {
    var output: [UInt8] = []
    escape(text, into: &output, spaceAsPlus: false)
    return String(decoding: output, as: UTF8.self)
  }

  /// Where `byte` first occurs in `range`, or the range's end.
  private static func index(of byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
    guard let base = bytes.baseAddress, let found = memchr(base + range.lowerBound, Int32(byte), range.count) else {
      return range.upperBound
    }
    return base.distance(to: UnsafeRawPointer(found))
  }

  private static func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
    let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard bytes.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    return String(decoding: percentDecoded(bytes, plusAsSpace: true), as: UTF8.self)
  }

  private static func escape(_ text: String, into output: inout [UInt8], spaceAsPlus: Bool) {
    let digits: StaticString = "0123456789ABCDEF"
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        output.append(byte)
      case UInt8(ascii: "*") where spaceAsPlus, UInt8(ascii: "~") where !spaceAsPlus:
        output.append(byte)
      case UInt8(ascii: " ") where spaceAsPlus:
        output.append(UInt8(ascii: "+"))
      default:
        digits.withUTF8Buffer { table in
          output.append(UInt8(ascii: "%"))
          output.append(table[Int(byte >> 4)])
          output.append(table[Int(byte & 15)])
        }
      }
    }
  }
}

/// `%41` becomes `A`; a `%` that two hexadecimal digits do not follow stays as it is.
func percentDecoded(_ bytes: some Collection<UInt8>, plusAsSpace: Bool) -> [UInt8] {
  var output: [UInt8] = []
  output.reserveCapacity(bytes.count)
  var index = bytes.startIndex
  while index < bytes.endIndex {
    let byte = bytes[index]
    let next = bytes.index(after: index)
    if byte == UInt8(ascii: "%"), next < bytes.endIndex, let high = hexadecimalValue(bytes[next]) {
      let second = bytes.index(after: next)
      if second < bytes.endIndex, let low = hexadecimalValue(bytes[second]) {
        output.append(high << 4 | low)
        index = bytes.index(after: second)
        continue
      }
    }
    output.append(plusAsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
    index = next
  }
  return output
}

/// The decoded pairs of a query, in the order sent.
public struct QueryItems: Sendable, Sequence {
  private let pairs: [(String, String)]

  public init(_ pairs: [(String, String)] = []) {
    self.pairs = pairs
  }

  /// - Parameter query: What follows `?`, still encoded.
  public init(encoded query: some Sequence<UInt8>) {
    pairs = FormEncoding.decode(Array(query))
  }

  public var isEmpty: Bool { pairs.isEmpty }
  public var count: Int { pairs.count }

  /// The first value under `name`.
  public subscript(_ name: String) -> String? {
    pairs.first { $0.0 == name }?.1
  }

  /// Every value under `name`, in order.
  public func values(_ name: String) -> [String] {
    pairs.filter { $0.0 == name }.map(\.1)
  }

  public func makeIterator() -> IndexingIterator<[(String, String)]> {
    pairs.makeIterator()
  }
}
