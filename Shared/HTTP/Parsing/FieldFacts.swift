/// What the header fields that steer the connection say: framing, persistence, expectations, upgrades.
struct FieldFacts {
  private var hostCount = 0
  private var contentLength: Int?
  private var isChunked = false
  private var closes = false
  private var keepsAlive = false
  private var connectionUpgrades = false
  private var upgradesToWebSocket = false
  private var expectsContinue = false

  /// Looks at one field. Most are told apart from those that matter by their length alone.
  mutating func note(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(ParseError) {
    func isNamed(_ text: StaticString) -> Bool {
      text.withUTF8Buffer { equalIgnoringCase(name, $0) }
    }
    switch name.count {
    case 4 where isNamed("host"):
      hostCount += 1
    case 6 where isNamed("expect"):
      guard equalIgnoringCase(value, "100-continue".utf8) else {
        throw ParseError(.expectationFailed, "The only expectation this server meets is 100-continue.")
      }
      expectsContinue = true
    case 7 where isNamed("upgrade"):
      upgradesToWebSocket = upgradesToWebSocket || lists("websocket", in: value)
    case 10 where isNamed("connection"):
      closes = closes || lists("close", in: value)
      keepsAlive = keepsAlive || lists("keep-alive", in: value)
      connectionUpgrades = connectionUpgrades || lists("upgrade", in: value)
    case 14 where isNamed("content-length"):
      try noteContentLength(value)
    case 17 where isNamed("transfer-encoding"):
      // `chunked` twice, or anything before it, has been used to make two servers see two different bodies.
      guard !isChunked, equalIgnoringCase(value, "chunked".utf8) else {
        throw ParseError(.notImplemented, "The only transfer coding this server takes is chunked, once.")
      }
      isChunked = true
    default:
      break
    }
  }

  /// The head with all that follows from its fields.
  func finish(_ parsed: RequestHead) throws(ParseError) -> RequestHead {
    var head = parsed
    guard !(isChunked && contentLength != nil) else {
      throw ParseError(.badRequest, "A request has either Content-Length or Transfer-Encoding, not both.")
    }
    if head.isVersion11 {
      guard hostCount == 1 else { throw ParseError(.badRequest, "A request has exactly one Host field.") }
    } else {
      guard !isChunked else { throw ParseError(.badRequest, "HTTP/1.0 has no Transfer-Encoding.") }
      guard hostCount <= 1 else { throw ParseError(.badRequest, "A request has exactly one Host field.") }
      if contentLength == nil && (head.method == .post || head.method == .put || head.method == .patch) {
        throw ParseError(.lengthRequired, "An HTTP/1.0 request with a body states its Content-Length.")
      }
    }
    if isChunked {
      head.body = .chunked
    } else if let contentLength, contentLength > 0 {
      head.body = .length(contentLength)
    }
    head.keepsAlive = head.isVersion11 ? !closes : keepsAlive && !closes
    head.expectsContinue = expectsContinue && head.isVersion11 && head.body != .none
    head.wantsWebSocket = connectionUpgrades && upgradesToWebSocket && head.isVersion11 && head.method == .get
    return head
  }

  /// Digits only: no sign, no list, no second field, nothing that does not fit.
  private mutating func noteContentLength(_ value: UnsafeRawBufferPointer) throws(ParseError) {
    guard contentLength == nil, !value.isEmpty, value.count <= 18, value.allSatisfy(isDigit) else {
      throw ParseError(.badRequest, "Content-Length is one number.")
    }
    contentLength = value.reduce(0) { $0 * 10 + Int($1 - 48) }
  }

  private func lists(_ token: StaticString, in value: UnsafeRawBufferPointer) -> Bool {
    token.withUTF8Buffer { token in
      if equalIgnoringCase(value, token) {
        return true
      }
      return value.split(separator: UInt8(ascii: ",")).contains { equalIgnoringCase(trimmed($0), token) }
    }
  }
}
