/// Opens WebSockets to servers.
public enum WebSocketClient {
  public struct Options: Hashable, Sendable {
    /// Until the server has agreed to the upgrade: name resolution, TCP, TLS and handshake together.
    public var connectTimeout: Duration = .seconds(10)
    /// One message, in bytes; more closes with 1009.
    public var messageBytes = 16 * 1024 * 1024
    /// Subprotocols offered, best first.
    public var subprotocols: [String] = []
    /// The authorities that a `wss` server's certificate must come from, a PEM file.
    public var authorityFile = "/etc/ssl/certs/ca-certificates.crt"

    public init() {}
  }

  /// Connects and upgrades.
  ///
  /// - Parameters:
  ///   - url: `ws://` or `wss://`, with path and query.
  ///   - headers: Sent with the upgrade request, for example `Authorization`.
  public static func connect(
    url: String, headers: HTTPHeaders = [:], options: Options = Options()
  ) async throws -> WebSocket {
    throw WebSocketError(.connect, "not connected")
  }
}
