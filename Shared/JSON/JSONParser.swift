import Core

/// A recursive-descent parser over bytes in memory. Recursion ends at `JSONValue.depthLimit`.
@unsafe struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes = bytes
  }

  mutating func parse() throws(JSONError) -> JSONValue {
    let value = try unsafe parseValue()
    unsafe skipSpace()
    if unsafe position < bytes.count { throw unsafe unexpected("after the end of the value") }
    return value
  }

  private mutating func parseValue() throws(JSONError) -> JSONValue {
    unsafe skipSpace()
    guard unsafe position < bytes.count else { throw unsafe failure("the text ends where a value should be") }
    switch unsafe bytes[position] {
    case UInt8(ascii: "{"): return try unsafe parseObject()
    case UInt8(ascii: "["): return try unsafe parseArray()
    case UInt8(ascii: "\""): return .string(try unsafe parseString())
    case UInt8(ascii: "-"), 0x30...0x39: return try unsafe parseNumber()
    case UInt8(ascii: "t"):
      try unsafe expect("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try unsafe expect("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try unsafe expect("null")
      return .null
    default: throw unsafe unexpected("where a value should be")
    }
  }

  private mutating func parseObject() throws(JSONError) -> JSONValue {
    try unsafe enter()
    if unsafe skip(UInt8(ascii: "}")) { return .object(JSONObject()) }
    var members: [JSONObject.Element] = []
    members.reserveCapacity(8)
    repeat {
      unsafe skipSpace()
      guard unsafe position < bytes.count, unsafe bytes[position] == UInt8(ascii: "\"") else {
        throw unsafe unexpected("where a member's name should be")
      }
      let key = try unsafe parseString()
      guard unsafe skip(UInt8(ascii: ":"), leaving: true) else {
        throw unsafe unexpected("where ':' should be")
      }
      members.append((key, try unsafe parseValue()))
    } while unsafe skip(UInt8(ascii: ","), leaving: true)
    guard unsafe skip(UInt8(ascii: "}")) else { throw unsafe unexpected("where ',' or '}' should be") }
    return .object(JSONObject(parsed: members))
  }

  private mutating func parseArray() throws(JSONError) -> JSONValue {
    try unsafe enter()
    var elements: [JSONValue] = []
    if unsafe skip(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      elements.append(try unsafe parseValue())
    } while unsafe skip(UInt8(ascii: ","), leaving: true)
    guard unsafe skip(UInt8(ascii: "]")) else { throw unsafe unexpected("where ',' or ']' should be") }
    return .array(elements)
  }

  /// Steps over the opening bracket.
  private mutating func enter() throws(JSONError) {
    unsafe depth += 1
    guard unsafe depth <= JSONValue.depthLimit else {
      throw unsafe failure("nested deeper than \(JSONValue.depthLimit) levels")
    }
    unsafe position += 1
  }

  /// Steps over `byte` if it comes next; a closing bracket leaves its level unless `leaving` says that none is closed.
  private mutating func skip(_ byte: UInt8, leaving isSeparator: Bool = false) -> Bool {
    unsafe skipSpace()
    guard unsafe position < bytes.count, unsafe bytes[position] == byte else { return false }
    unsafe position += 1
    if !isSeparator { unsafe depth -= 1 }
    return true
  }

  private mutating func skipSpace() {
    while unsafe position < bytes.count {
      switch unsafe bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: unsafe position += 1
      default: return
      }
    }
  }

  private mutating func expect(_ word: StaticString) throws(JSONError) {
    for offset in 0..<word.utf8CodeUnitCount {
      guard unsafe position + offset < bytes.count, unsafe bytes[position + offset] == word.utf8Start[offset] else {
        throw unsafe failure("expected '\(word)'")
      }
    }
    unsafe position += word.utf8CodeUnitCount
  }
}

// MARK: - Strings

extension JSONParser {
  private mutating func parseString() throws(JSONError) -> String {
    unsafe position += 1
    let start = unsafe position
    while unsafe position < bytes.count {
      let byte = unsafe bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = try unsafe text(start..<position)
        unsafe position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try unsafe parseEscapedString(from: start) }
      if byte < 0x20 { throw unsafe failure("a control character must be escaped in a string") }
      unsafe position += 1
    }
    throw unsafe failure("the text ends inside a string")
  }

  /// The slow path: from the first backslash on, the string is put together piece by piece.
  private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
    var text = try unsafe text(start..<position)
    while unsafe position < bytes.count {
      let runStart = unsafe position
      while unsafe position < bytes.count, case let byte = unsafe bytes[position], byte >= 0x20,
        byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\")
      {
        unsafe position += 1
      }
      if unsafe position > runStart { text += try unsafe self.text(runStart..<position) }
      guard unsafe position < bytes.count else { break }
      switch unsafe bytes[position] {
      case UInt8(ascii: "\""):
        unsafe position += 1
        return text
      case UInt8(ascii: "\\"): text.unicodeScalars.append(try unsafe parseEscape())
      default: throw unsafe failure("a control character must be escaped in a string")
      }
    }
    throw unsafe failure("the text ends inside a string")
  }

  private func text(_ range: Range<Int>) throws(JSONError) -> String {
    guard let text = unsafe String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
      throw unsafe failure("invalid UTF-8 in a string", at: range.lowerBound)
    }
    return text
  }

  private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
    let start = unsafe position
    guard unsafe position + 1 < bytes.count else { throw unsafe failure("the text ends inside a string") }
    let letter = unsafe bytes[position + 1]
    unsafe position += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unsafe parseUnicodeEscape(from: start)
    default: throw unsafe failure("unknown escape in a string", at: start)
    }
  }

  /// After `\u`: one escape, or two that form a surrogate pair.
  private mutating func parseUnicodeEscape(from start: Int) throws(JSONError) -> Unicode.Scalar {
    let unit = try unsafe parseHexUnit(from: start)
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xDC00, unsafe position + 1 < bytes.count, unsafe bytes[position] == UInt8(ascii: "\\"),
      unsafe bytes[position + 1] == UInt8(ascii: "u")
    else { throw unsafe failure("half of a surrogate pair", at: start) }
    unsafe position += 2
    let low = try unsafe parseHexUnit(from: start)
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
    else { throw unsafe failure("half of a surrogate pair", at: start) }
    return scalar
  }

  private mutating func parseHexUnit(from start: Int) throws(JSONError) -> UInt16 {
    guard unsafe position + 4 <= bytes.count else { throw unsafe failure("the text ends inside a string") }
    var unit: UInt16 = 0
    for offset in 0..<4 {
      guard let digit = unsafe Hex.digit(bytes[position + offset]) else {
        throw unsafe failure("\\u needs four hexadecimal digits", at: start)
      }
      unit = unit << 4 | UInt16(digit)
    }
    unsafe position += 4
    return unit
  }
}

// MARK: - Numbers

extension JSONParser {
  private mutating func parseNumber() throws(JSONError) -> JSONValue {
    let start = unsafe position
    let isNegative = unsafe bytes[position] == UInt8(ascii: "-")
    if isNegative { unsafe position += 1 }
    let firstDigit = unsafe position
    var magnitude: UInt64 = 0
    var isInteger = true
    while let digit = unsafe nextDigit() {
      let (tens, tooLarge) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tens.addingReportingOverflow(UInt64(digit))
      if tooLarge || overflow { isInteger = false }
      magnitude = sum
    }
    let digits = unsafe position - firstDigit
    if digits == 0 { throw unsafe unexpected("where a digit should be") }
    if digits > 1, unsafe bytes[firstDigit] == 0x30 {
      throw unsafe failure("a number may not start with 0", at: firstDigit)
    }
    if unsafe position < bytes.count, unsafe bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      unsafe position += 1
      try unsafe skipDigits()
    }
    if unsafe position < bytes.count, unsafe bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      unsafe position += 1
      if unsafe position < bytes.count, case let sign = unsafe bytes[position],
        sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
      {
        unsafe position += 1
      }
      try unsafe skipDigits()
    }
    if isInteger {
      if isNegative, magnitude <= UInt64(Int64.max) + 1 { return .integer(0 &- Int64(truncatingIfNeeded: magnitude)) }
      if !isNegative, magnitude <= UInt64(Int64.max) { return .integer(Int64(magnitude)) }
    }
    let digitsText = unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    guard let value = Double(digitsText), value.isFinite else {
      throw unsafe failure("a number beyond the range of 64-bit floating point", at: start)
    }
    return .number(value)
  }

  private mutating func nextDigit() -> UInt8? {
    guard unsafe position < bytes.count else { return nil }
    let digit = unsafe bytes[position] &- 0x30
    guard digit <= 9 else { return nil }
    unsafe position += 1
    return digit
  }

  private mutating func skipDigits() throws(JSONError) {
    guard unsafe nextDigit() != nil else { throw unsafe unexpected("where a digit should be") }
    while unsafe nextDigit() != nil {}
  }
}

// MARK: - Errors

extension JSONParser {
  private func unexpected(_ place: String) -> JSONError {
    guard unsafe position < bytes.count else { return unsafe failure("the text ends \(place)") }
    let byte = unsafe bytes[position]
    let shown = (0x21...0x7E).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "a character that does not belong"
    return unsafe failure("found \(shown) \(place)")
  }

  private func failure(_ message: String, at offset: Int? = nil) -> JSONError {
    var line = 1
    var column = 1
    for index in unsafe 0..<min(offset ?? position, bytes.count) {
      let byte = unsafe bytes[index]
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return JSONError(message: message, line: line, column: column)
  }
}
