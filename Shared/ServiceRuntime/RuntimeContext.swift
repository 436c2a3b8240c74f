import Core
import Logging
import Metrics
import Postgres
import RPC
import Synchronization
import Tracing

/// What a service is made from. Given to its `build` closure, and used there only to put the service together.
public final class RuntimeContext: Sendable {
  /// The program's name.
  public let name: String
  /// Business time.
  public let clock: any BusinessClock
  public let logger: Logger
  public let metrics: MetricsRegistry
  public let tracer: Tracer

  private struct State {
    var rpcServices: [any RPCService] = []
    var clients: [RPCClient] = []
  }

  private let database: PostgresPool?
  private let clientOptions: RPCClientOptions
  private let readiness: Readiness
  private let state = Mutex(State())

  init(
    name: String, clock: any BusinessClock, logger: Logger, metrics: MetricsRegistry, tracer: Tracer,
    database: PostgresPool?, clientOptions: RPCClientOptions, readiness: Readiness
  ) {
    self.name = name
    self.clock = clock
    self.logger = logger
    self.metrics = metrics
    self.tracer = tracer
    self.database = database
    self.clientOptions = clientOptions
    self.readiness = readiness
  }

  /// The service's own schema, migrated, as the service's role. Only for services that declared a schema.
  public var pool: PostgresPool {
    guard let database else { preconditionFailure("\(name) declares no schema, so it has no database") }
    return database
  }

  /// Methods to serve on `RINGMASTER_RPC_LISTEN`.
  public func serve(_ services: any RPCService...) {
    state.withLock { $0.rpcServices += services }
  }

  /// A client for another service, with this service's logs, metrics, traces and certificates; closed at the end.
  ///
  /// - Parameter endpoints: What `ConfigurationReader.endpoints(of:)` gave.
  ///
  /// Throws: `NngError` when an address is not usable.
  public func client(_ endpoints: [String]) throws -> RPCClient {
    let client = try RPCClient(
      endpoints: endpoints, options: clientOptions, logger: logger, metrics: metrics, tracer: tracer)
    state.withLock { $0.clients.append(client) }
    return client
  }

  /// Something that must hold for /ready to say so.
  ///
  /// - Parameter check: Called for each look, for two seconds at most; throws what is wrong, in words for operators.
  public func addReadinessCheck(_ name: String, _ check: @escaping @Sendable () async throws -> Void) {
    readiness.add(name, check)
  }

  var rpcServices: [any RPCService] { state.withLock { $0.rpcServices } }
  var clients: [RPCClient] { state.withLock { $0.clients } }
}
