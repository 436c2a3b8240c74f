/// A response's status line and header fields.
struct ResponseHead {
  var status: HTTPStatus
  var headers: HTTPHeaders
}

/// Reads the head of the one response that opens a WebSocket. Strict, because nobody else's is expected.
enum ResponseHeadParser {
  static let headAtMost = 32 * 1024

  /// - Returns: The head and how many bytes it takes; nil while it is not complete.
  static func parse(_ bytes: UnsafeRawBufferPointer) throws(ParseError) -> (ResponseHead, consumed: Int)? {
    guard let end = endOfHead(bytes) else {
      guard bytes.count < headAtMost else { throw ParseError(.badGateway, "the response's header is too large") }
      return nil
    }
    var lines = bytes[..<(end - 4)].split(separator: 10, omittingEmptySubsequences: false)[...]
    guard let statusLine = lines.popFirst() else { throw malformed }
    var head = ResponseHead(status: try status(of: statusLine), headers: [:])
    for line in lines {
      let line = line.last == 13 ? line.dropLast() : line
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(isTokenByte)
      else { throw malformed }
      let value = trimmed(line[(colon + 1)...])
      guard value.allSatisfy(isFieldValueByte) else { throw malformed }
      head.headers.appendChecked(
        name: UnsafeRawBufferPointer(rebasing: line[..<colon]), value: UnsafeRawBufferPointer(rebasing: value))
    }
    return (head, end)
  }

  private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var index = 3
    while index < bytes.count {
      if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10, bytes[index - 3] == 13 {
        return index + 1
      }
      index += 1
    }
    return nil
  }

  private static func status(of line: Slice<UnsafeRawBufferPointer>) throws(ParseError) -> HTTPStatus {
    let parts = line.split(separator: 32, maxSplits: 2)
    guard parts.count >= 2, parts[0].starts(with: "HTTP/1.".utf8),
      let code = Int(String(decoding: trimmed(parts[1].filter { $0 != 13 }), as: UTF8.self)), (100..<600).contains(code)
    else { throw malformed }
    return HTTPStatus(code)
  }

  private static var malformed: ParseError {
    ParseError(.badGateway, "the response's header is malformed")
  }
}
