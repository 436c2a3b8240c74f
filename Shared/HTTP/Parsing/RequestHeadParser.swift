import Glibc

/// Reads request heads, line by line as they come, by RFC 9112 and strictly where leniency lets requests be smuggled:
/// lines end in CRLF only, no folded lines, no space before a colon, one Content-Length or one `chunked` and never
/// both, one Host.
///
/// Pure: bytes in, heads out. After an error it must not be used again.
struct RequestHeadParser {
  enum Progress {
    /// All bytes before `consumed` are dealt with; the head is not complete.
    case needsMore(consumed: Int)
    /// The head ends before `consumed`.
    case complete(RequestHead, consumed: Int)
  }

  private enum Expected { case requestLine, field }

  private let limits: HTTPLimits
  private var head = RequestHead()
  private var expected = Expected.requestLine
  private var emptyLines = 0
  private var headerBytes = 0
  /// Bytes of the unfinished line that have been searched for its end.
  private var searched = 0
  private var facts = FieldFacts()

  init(limits: HTTPLimits) {
    self.limits = limits
  }

  /// - Parameter bytes: What follows the bytes consumed so far: an unfinished line is given again, longer.
  mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(ParseError) -> Progress {
    var consumed = 0
    while true {
      guard let start = bytes.baseAddress, bytes.count > consumed + searched,
        let end = memchr(start + consumed + searched, 10, bytes.count - consumed - searched)
      else {
        searched = bytes.count - consumed
        try checkUnfinishedLine(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
        return .needsMore(consumed: consumed)
      }
      searched = 0
      let count = end - UnsafeMutableRawPointer(mutating: start) - consumed
      let line = UnsafeRawBufferPointer(start: start + consumed, count: count)
      consumed += count + 1
      guard line.last == 13 else {
        throw ParseError(.badRequest, "A line of the request does not end in CRLF.")
      }
      if try take(UnsafeRawBufferPointer(rebasing: line.dropLast())) {
        let complete = try facts.finish(head)
        self = RequestHeadParser(limits: limits)
        return .complete(complete, consumed: consumed)
      }
    }
  }

  /// Whether the next bytes start a new request, nothing of which has been seen.
  var isAtStart: Bool { expected == .requestLine && searched == 0 && emptyLines == 0 }

  /// - Returns: Whether this was the head's last line.
  private mutating func take(_ line: UnsafeRawBufferPointer) throws(ParseError) -> Bool {
    switch expected {
    case .requestLine:
      if line.isEmpty {
        // Some old clients send an empty line after a body (RFC 9112 section 2.2); nobody sends many.
        emptyLines += 1
        guard emptyLines <= 2 else { throw ParseError(.badRequest, "The request starts with empty lines.") }
        return false
      }
      guard line.count <= limits.requestLineBytes else { throw lineTooLong }
      try parseRequestLine(line)
      expected = .field
      return false
    case .field:
      if line.isEmpty {
        return true
      }
      headerBytes += line.count
      guard headerBytes <= limits.headerBytes, head.headers.count < limits.headerCount else { throw headersTooLarge }
      try parseField(line)
      return false
    }
  }

  private func checkUnfinishedLine(_ line: UnsafeRawBufferPointer) throws(ParseError) {
    switch expected {
    case .requestLine:
      guard line.count <= limits.requestLineBytes else { throw lineTooLong }
      // Clients that speak TLS or another protocol here should hear so now, not after a time-out.
      if let first = line.first, first != 13, !isTokenByte(first) {
        throw ParseError(.badRequest, "This is not an HTTP request.")
      }
    case .field:
      guard headerBytes + line.count <= limits.headerBytes else { throw headersTooLarge }
    }
  }

  private var lineTooLong: ParseError {
    ParseError(.uriTooLong, "The request line is longer than \(limits.requestLineBytes) bytes.")
  }

  private var headersTooLarge: ParseError {
    ParseError(
      .requestHeaderFieldsTooLarge,
      "The header is larger than \(limits.headerBytes) bytes or \(limits.headerCount) fields.")
  }

  /// `method SP request-target SP HTTP-version` (RFC 9112 section 3).
  private mutating func parseRequestLine(_ line: UnsafeRawBufferPointer) throws(ParseError) {
    var index = 0
    while index < line.count, isTokenByte(line[index]) {
      index += 1
    }
    let methodEnd = index
    guard methodEnd > 0, index < line.count, line[index] == 32 else {
      throw ParseError(.badRequest, "The request line does not start with a method.")
    }
    index += 1
    let targetStart = index
    while index < line.count, line[index] > 32, line[index] < 127 {
      index += 1
    }
    guard index > targetStart, index < line.count, line[index] == 32 else {
      throw ParseError(.badRequest, "The request target is missing or has a byte that must be percent-encoded.")
    }
    let version = UnsafeRawBufferPointer(rebasing: line[(index + 1)...])
    guard version.count == 8, version.starts(with: "HTTP/".utf8), isDigit(version[5]), version[6] == 46,
      isDigit(version[7])
    else {
      throw ParseError(.badRequest, "The request line does not end in an HTTP version.")
    }
    guard version[5] == UInt8(ascii: "1") else {
      throw ParseError(.httpVersionNotSupported, "This server speaks HTTP/1.1 and HTTP/1.0.")
    }
    head.isVersion11 = version[7] != UInt8(ascii: "0")
    head.method = Self.method(UnsafeRawBufferPointer(rebasing: line[..<methodEnd]))
    head.url = String(decoding: line[targetStart..<index], as: UTF8.self)
    try checkTarget(line[targetStart])
    head.headers.reserve(bytes: 512, fields: 16)
  }

  private static func method(_ bytes: UnsafeRawBufferPointer) -> HTTPMethod {
    if bytes.elementsEqual("GET".utf8) {
      return .get
    }
    if bytes.elementsEqual("POST".utf8) {
      return .post
    }
    return HTTPMethod(rawValue: String(decoding: bytes, as: UTF8.self))
  }

  /// Origin form, absolute form, or `*` for OPTIONS; never CONNECT's authority form: this is no proxy.
  private func checkTarget(_ first: UInt8) throws(ParseError) {
    if first == UInt8(ascii: "/") {
      return
    }
    if head.method == .options && head.url == "*" {
      return
    }
    let scheme = head.url.utf8.prefix { $0 != UInt8(ascii: ":") }
    let isAbsolute =
      (equalIgnoringCase(scheme, "http".utf8) || equalIgnoringCase(scheme, "https".utf8))
      && head.url.utf8.dropFirst(scheme.count).starts(with: "://".utf8)
    guard isAbsolute else {
      throw ParseError(.badRequest, "The request target is neither a path nor an http URL.")
    }
  }

  /// `field-name ":" OWS field-value OWS` (RFC 9112 section 5).
  private mutating func parseField(_ line: UnsafeRawBufferPointer) throws(ParseError) {
    guard line[0] != 32, line[0] != 9 else {
      throw ParseError(.badRequest, "A header field is folded over several lines.")
    }
    var index = 0
    while index < line.count, isTokenByte(line[index]) {
      index += 1
    }
    guard index > 0, index < line.count, line[index] == UInt8(ascii: ":") else {
      throw ParseError(.badRequest, "A header field has no name, or its name is not followed by a colon.")
    }
    let name = UnsafeRawBufferPointer(rebasing: line[..<index])
    var start = index + 1
    var end = line.count
    while start < end, line[start] == 32 || line[start] == 9 {
      start += 1
    }
    while end > start, line[end - 1] == 32 || line[end - 1] == 9 {
      end -= 1
    }
    let value = UnsafeRawBufferPointer(rebasing: line[start..<end])
    for byte in value where !isFieldValueByte(byte) {
      throw ParseError(.badRequest, "A header field's value has a control character.")
    }
    head.headers.appendChecked(name: name, value: value)
    try facts.note(name: name, value: value)
  }
}
