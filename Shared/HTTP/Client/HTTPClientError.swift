/// Why no response came.
public struct HTTPClientError: Error, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value {
      case invalidRequest, resolve, connect, tls, timedOut, disconnected, tooLarge, cancelled, closed, other
    }
    private let value: Value
    /// The URL or a header cannot be sent: a bug in the caller or its settings.
    public static let invalidRequest = Code(value: .invalidRequest)
    /// The host's name has no address.
    public static let resolve = Code(value: .resolve)
    public static let connect = Code(value: .connect)
    /// The server's certificate or its TLS was refused.
    public static let tls = Code(value: .tls)
    public static let timedOut = Code(value: .timedOut)
    /// The connection broke before the response was whole.
    public static let disconnected = Code(value: .disconnected)
    /// The response was larger than the client takes.
    public static let tooLarge = Code(value: .tooLarge)
    public static let cancelled = Code(value: .cancelled)
    /// The client was closed.
    public static let closed = Code(value: .closed)
    public static let other = Code(value: .other)
    public var description: String { "\(value)" }
  }

  public var code: Code
  /// For operators; names host and failure, never headers or bodies.
  public var message: String
  /// False only when it is certain that the server has seen nothing of the request, so that sending it elsewhere or
  /// again cannot do anything twice.
  public var requestMayHaveBeenSent: Bool

  public init(_ code: Code, _ message: String, requestMayHaveBeenSent: Bool) {
    self.code = code
    self.message = message
    self.requestMayHaveBeenSent = requestMayHaveBeenSent
  }

  public var description: String { "\(code): \(message)" }
}

extension HTTPClientError {
  /// Whether another attempt may fare better.
  var isTransient: Bool {
    switch code {
    case .resolve, .connect, .timedOut, .disconnected: true
    default: false
    }
  }
}
