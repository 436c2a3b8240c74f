/// Base 64 (RFC 4648).
public enum Base64 {
  /// With padding, in the standard alphabet.
  public static func encode(_ bytes: [UInt8]) -> String {
    unsafe bytes.withUnsafeBytes { unsafe encode($0) }
  }

  public static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
    let count = (bytes.count + 2) / 3 * 4
    return unsafe String(unsafeUninitializedCapacity: count) { unsafe write(bytes, to: $0) }
  }

  /// Appends the encoded bytes: no allocation beyond the growth of `output`.
  public static func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    let start = output.count
    let count = (bytes.count + 2) / 3 * 4
    output.append(contentsOf: repeatElement(0, count: count))
    unsafe output.withUnsafeMutableBufferPointer { buffer in
      _ = unsafe write(bytes, to: UnsafeMutableBufferPointer(rebasing: buffer[start...]))
    }
  }

  public static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe append($0, to: &output) }
  }

  /// Reads the standard and the URL-safe alphabet (as protobuf's JSON asks). Padding may be absent, but not wrong. Nil for
  /// any other character, including spaces and line ends, and for bits after the last byte that are not zero.
  public static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { unsafe decode(UnsafeRawBufferPointer($0)) }
  }

  public static func decode(_ text: [UInt8]) -> [UInt8]? {
    unsafe text.withUnsafeBytes { unsafe decode($0) }
  }

  public static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    var output: [UInt8] = []
    return unsafe append(decoding: text, to: &output) ? output : nil
  }

  /// Appends the decoded bytes. False, with `output` as it was, when `text` is not base 64.
  public static func append(decoding text: UnsafeRawBufferPointer, to output: inout [UInt8]) -> Bool {
    var count = text.count
    if count % 4 == 0, count > 0, unsafe text[count - 1] == padding {
      count -= unsafe text[count - 2] == padding ? 2 : 1
    }
    guard count % 4 != 1 else { return false }
    let start = output.count
    output.reserveCapacity(start + count / 4 * 3 + 2)
    var word: UInt32 = 0
    var invalid: UInt8 = 0
    for index in 0..<count {
      let value = unsafe values[Int(text[index])]
      invalid |= value
      word = word << 6 | UInt32(value & 0x3F)
      guard index % 4 == 3 else { continue }
      output.append(UInt8(truncatingIfNeeded: word >> 16))
      output.append(UInt8(truncatingIfNeeded: word >> 8))
      output.append(UInt8(truncatingIfNeeded: word))
      word = 0
    }
    switch count % 4 {
    case 2:
      output.append(UInt8(truncatingIfNeeded: word >> 4))
      if word & 0xF != 0 { invalid = 0x80 }
    case 3:
      output.append(UInt8(truncatingIfNeeded: word >> 10))
      output.append(UInt8(truncatingIfNeeded: word >> 2))
      if word & 0x3 != 0 { invalid = 0x80 }
    default: break
    }
    guard invalid & 0x80 == 0 else {
      output.removeSubrange(start...)
      return false
    }
    return true
  }

  private static let padding = UInt8(ascii: "=")
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The six bits of each character; 0x80 for those outside both alphabets.
  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 0x80, count: 256)
    for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
    table[Int(UInt8(ascii: "-"))] = 62
    table[Int(UInt8(ascii: "_"))] = 63
    return table
  }()

  private static func write(_ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let alphabet = alphabet
    let count = bytes.count
    var position = 0
    var index = 0
    while index < count {
      let left = count - index
      let word =
        unsafe UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        | (left > 2 ? UInt32(bytes[index + 2]) : 0)
      unsafe output[position] = alphabet[Int(word >> 18)]
      unsafe output[position + 1] = alphabet[Int(word >> 12 & 0x3F)]
      unsafe output[position + 2] = left > 1 ? alphabet[Int(word >> 6 & 0x3F)] : padding
      unsafe output[position + 3] = left > 2 ? alphabet[Int(word & 0x3F)] : padding
      position += 4
      index += 3
    }
    return position
  }
}
