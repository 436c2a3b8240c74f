import Nng

/// What a server allows.
public struct RPCServerOptions: Sendable {
  /// Handlers at work, for all connections together; further calls are refused at once with `resourceExhausted`.
  public var maximumCalls = 10_000
  /// Handlers at work for one connection.
  public var maximumCallsPerPeer = 4_096
  /// Connections at a time; further ones are closed.
  public var maximumPeers = 1_024
  /// The largest request that is taken and the largest response that is sent.
  public var maximumMessageBytes = 8 << 20
  /// Results that wait for a connection whose other end does not read, in bytes; then the connection is closed.
  public var maximumQueuedBytes = 64 << 20
  /// How long `drain` waits for clients to confirm the last results.
  public var settleTimeout: Duration = .seconds(1)
  /// Needed for `tls+tcp://` endpoints.
  public var tls: TLSConfiguration?
  /// Around every handler, the first one outermost.
  public var interceptors: [any ServerInterceptor] = []

  public init() {}
}
