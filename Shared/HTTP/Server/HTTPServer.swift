import Core
import Lifecycle
import Logging
import Metrics

/// An HTTP/1.1 server (RFC 9110, RFC 9112) on nng's TCP streams.
public final class HTTPServer: LifecycleService {
  public let name: String

  public init(
    name: String = "http", address: String, router: Router, limits: HTTPLimits = .standard, logger: Logger,
    metrics: MetricsRegistry
  ) {
    self.name = name
  }

  /// Binds the address, so that `port` is known and clients can connect.
  public func listen() throws {}

  /// The port bound: the address's, or the one the system chose for port 0. Before `listen` it is 0.
  public var port: Int { 0 }

  /// Serves until the server is drained or the task cancelled.
  public func run() async throws {}

  /// Stops accepting and returns when running requests have ended, at the latest after `limits.drainTimeout`.
  public func drain() async {}
}
