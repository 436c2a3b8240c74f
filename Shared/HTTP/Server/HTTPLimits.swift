/// What one server takes from its clients. Each limit ends in a clear answer where HTTP has one.
public struct HTTPLimits: Hashable, Sendable {
  /// Request line, in bytes; longer gets 414.
  public var requestLineBytes = 8 * 1024
  /// All header fields together, in bytes; more gets 431.
  public var headerBytes = 32 * 1024
  /// Header fields; more gets 431.
  public var headerCount = 100
  /// Body, in bytes, unless its route says otherwise; more gets 413.
  public var bodyBytes = 1024 * 1024
  /// Connections at once; one more gets 503 and is closed.
  public var connections = 10_000
  /// From a request's first byte to the end of its headers; longer gets 408.
  public var headerTimeout: Duration = .seconds(10)
  /// How long a kept-alive connection may wait for its next request.
  public var idleTimeout: Duration = .seconds(60)
  /// How long a body may make no progress, either way; a request gets 408, a response is cut.
  public var progressTimeout: Duration = .seconds(30)
  /// How long a drain waits for running requests before it cancels them.
  public var drainTimeout: Duration = .seconds(10)
  /// One WebSocket message, in bytes; more closes with 1009.
  public var webSocketMessageBytes = 1024 * 1024

  public init() {}

  public static let standard = HTTPLimits()
}
