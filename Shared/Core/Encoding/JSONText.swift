/// The bottom of every JSON writer: strings and numbers as RFC 8259 wants them.
public enum JSONText {
  /// Appends `text` in quotes, escaping quotes, backslashes and control characters.
  public static func appendString(_ text: String, to output: inout [UInt8]) {
    output.append(quote)
    appendEscaped(text, to: &output)
    output.append(quote)
  }

  /// Appends `text` escaped but without quotes.
  public static func appendEscaped(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      var start = 0
      for index in 0..<bytes.count {
        let byte = unsafe bytes[index]
        guard byte < 0x20 || byte == quote || byte == backslash else { continue }
        unsafe output.append(contentsOf: bytes[start..<index])
        appendEscape(byte, to: &output)
        start = index + 1
      }
      unsafe output.append(contentsOf: bytes[start...])
    }
  }

  /// Appends the shortest decimal that reads back as `value`; `null` for infinities and NaN, which JSON cannot write.
  public static func appendNumber(_ value: Double, to output: inout [UInt8]) {
    output.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
  }

  /// Appends `value` in decimal.
  public static func appendInteger(_ value: Int64, to output: inout [UInt8]) {
    var magnitude = value.magnitude
    if value < 0 { output.append(UInt8(ascii: "-")) }
    if magnitude < 10 {
      output.append(0x30 + UInt8(magnitude))
      return
    }
    let start = output.count
    while magnitude > 0 {
      output.append(0x30 + UInt8(magnitude % 10))
      magnitude /= 10
    }
    output[start...].reverse()
  }

  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(backslash)
    switch byte {
    case quote, backslash: output.append(byte)
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    default:
      output.append(contentsOf: "u00".utf8)
      output.append(Hex.character(byte >> 4))
      output.append(Hex.character(byte & 15))
    }
  }
}
