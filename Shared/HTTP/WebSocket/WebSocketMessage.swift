/// One message of a WebSocket.
public enum WebSocketMessage: Hashable, Sendable {
  /// Valid UTF-8.
  case text([UInt8])
  case binary([UInt8])

  /// The text of a text message.
  public var string: String? {
    switch self {
    case .text(let bytes): String(decoding: bytes, as: UTF8.self)
    case .binary: nil
    }
  }
}

/// Why a WebSocket was closed (RFC 6455 section 7.4).
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  public static let normal = WebSocketCloseCode(rawValue: 1000)
  public static let goingAway = WebSocketCloseCode(rawValue: 1001)
  public static let protocolError = WebSocketCloseCode(rawValue: 1002)
  public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
  public static let invalidData = WebSocketCloseCode(rawValue: 1007)
  public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
  public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
  public static let internalError = WebSocketCloseCode(rawValue: 1011)
  public static let tryAgainLater = WebSocketCloseCode(rawValue: 1013)
}

/// What ended a WebSocket or kept it from opening.
public struct WebSocketError: Error, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value { case connect, refused, closed, protocolViolation, timedOut, invalidURL }
    private let value: Value
    /// The server could not be reached, or TLS failed. Try again later.
    public static let connect = Code(value: .connect)
    /// The server answered with something else than an upgrade; see `response`.
    public static let refused = Code(value: .refused)
    /// The socket is closed, by either side, or its connection broke.
    public static let closed = Code(value: .closed)
    /// The other end broke RFC 6455.
    public static let protocolViolation = Code(value: .protocolViolation)
    public static let timedOut = Code(value: .timedOut)
    public static let invalidURL = Code(value: .invalidURL)
    public var description: String { "\(value)" }
  }

  public var code: Code
  public var message: String
  /// What the server said instead of upgrading; its body is the part that came with the head.
  public var response: HTTPClientResponse?

  public init(_ code: Code, _ message: String, response: HTTPClientResponse? = nil) {
    self.code = code
    self.message = message
    self.response = response
  }

  public var description: String { "\(code): \(message)" }
}
