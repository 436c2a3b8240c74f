/// Decodes a chunked body (RFC 9112 section 7.1) as its bytes come.
///
/// Chunk extensions are skipped, trailers are checked and dropped. Sizes are hexadecimal digits and nothing else, lines
/// end in CRLF only. After an error it must not be used again.
struct ChunkedDecoder {
  enum Progress: Equatable {
    /// All bytes before `consumed` are dealt with.
    case needsMore(consumed: Int)
    /// The bytes in `range` belong to the body; go on behind them.
    case data(Range<Int>)
    /// The body, trailers included, ends before `consumed`.
    case end(consumed: Int)
  }

  private enum State {
    case size(digits: Int)
    case sizeExtension
    case sizeLineFeed
    case data
    case dataReturn
    case dataLineFeed
    case trailer(isEmpty: Bool)
    case trailerLineFeed(isEmpty: Bool)
  }

  /// Extensions of one chunk, and trailers of one body, in bytes. Nobody needs more.
  private static let overheadAtMost = 4096
  /// Enough for any size that fits an Int.
  private static let digitsAtMost = 15

  private var state = State.size(digits: 0)
  private var remaining = 0
  private var overhead = 0

  mutating func decode(_ bytes: UnsafeRawBufferPointer) throws(ParseError) -> Progress {
    var index = 0
    while index < bytes.count {
      if case .data = state {
        let count = min(remaining, bytes.count - index)
        remaining -= count
        if remaining == 0 {
          state = .dataReturn
        }
        return .data(index..<index + count)
      }
      let byte = bytes[index]
      index += 1
      if try step(byte) {
        return .end(consumed: index)
      }
    }
    return .needsMore(consumed: index)
  }

  /// - Returns: Whether the body has ended.
  private mutating func step(_ byte: UInt8) throws(ParseError) -> Bool {
    switch state {
    case .size(let digits):
      try stepSize(byte, digits: digits)
    case .sizeExtension:
      try count()
      if byte == 13 {
        state = .sizeLineFeed
      } else if !isFieldValueByte(byte) {
        throw malformed
      }
    case .sizeLineFeed:
      guard byte == 10 else { throw malformed }
      overhead = 0
      state = remaining == 0 ? .trailer(isEmpty: true) : .data
    case .data:
      preconditionFailure("data is taken whole, not byte by byte")
    case .dataReturn:
      guard byte == 13 else { throw malformed }
      state = .dataLineFeed
    case .dataLineFeed:
      guard byte == 10 else { throw malformed }
      state = .size(digits: 0)
    case .trailer(let isEmpty):
      try count()
      if byte == 13 {
        state = .trailerLineFeed(isEmpty: isEmpty)
      } else if isFieldValueByte(byte) && !(isEmpty && (byte == 32 || byte == 9)) {
        state = .trailer(isEmpty: false)
      } else {
        throw malformed
      }
    case .trailerLineFeed(let isEmpty):
      guard byte == 10 else { throw malformed }
      if isEmpty {
        return true
      }
      state = .trailer(isEmpty: true)
    }
    return false
  }

  private mutating func stepSize(_ byte: UInt8, digits: Int) throws(ParseError) {
    if let value = hexadecimalValue(byte) {
      guard digits < Self.digitsAtMost else { throw malformed }
      remaining = remaining << 4 | Int(value)
      state = .size(digits: digits + 1)
      return
    }
    guard digits > 0 else { throw malformed }
    switch byte {
    case 13: state = .sizeLineFeed
    case UInt8(ascii: ";"): state = .sizeExtension
    default: throw malformed
    }
  }

  private mutating func count() throws(ParseError) {
    overhead += 1
    if overhead > Self.overheadAtMost {
      throw ParseError(.badRequest, "Chunk extensions or trailers are longer than \(Self.overheadAtMost) bytes.")
    }
  }

  private var malformed: ParseError {
    ParseError(.badRequest, "The chunked body is malformed.")
  }
}
