import Core
import Nng

/// How a client behaves towards its endpoints.
public struct RPCClientOptions: Sendable {
  /// How long a call waits for a connection when there is none.
  public var connectTimeout: Duration = .seconds(3)
  /// Calls under way on one endpoint; further ones fail at once with `resourceExhausted`.
  public var maximumOutstandingCalls = 10_000
  /// The largest request that is sent and the largest response that is taken.
  public var maximumMessageBytes = 8 << 20
  /// With calls outstanding and nothing heard for this long, the server is probed; nil never probes.
  public var keepaliveInterval: Duration? = .seconds(5)
  /// A server that does not answer the probe within this counts as gone.
  public var keepaliveTimeout: Duration = .seconds(2)
  /// Delay before a lost connection is dialed again; grows, with jitter, up to the maximum.
  public var reconnectMinimum: Duration = .milliseconds(20)
  public var reconnectMaximum: Duration = .seconds(1)
  /// Pause before an idempotent call is repeated.
  public var retryBackoff = Backoff(initial: .milliseconds(20), maximum: .seconds(1))
  /// Needed for `tls+tcp://` endpoints.
  public var tls: TLSConfiguration?
  /// Around every call, the first one outermost.
  public var interceptors: [any ClientInterceptor] = []

  public init() {}
}
