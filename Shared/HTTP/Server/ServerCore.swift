import Core
import Logging
import Synchronization
import Tracing

/// What all connections of a server share.
final class ServerCore: Sendable {
  let router: Router
  let limits: HTTPLimits
  let logger: Logger
  let metrics: ServerMetrics
  let tracer: Tracer?
  let date = DateLine()
  /// Fires when the server starts to drain.
  let draining = Signal()
  /// Fires when the last connection has ended during a drain.
  let empty = Signal()

  private let isDrainingFlag = Atomic<Bool>(false)
  private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

  init(router: Router, limits: HTTPLimits, logger: Logger, metrics: ServerMetrics, tracer: Tracer?) {
    self.router = router
    self.limits = limits
    self.logger = logger
    self.metrics = metrics
    self.tracer = tracer
  }

  var isDraining: Bool { isDrainingFlag.load(ordering: .acquiring) }

  /// False when there are as many connections as allowed.
  func add(_ connection: Connection) -> Bool {
    connections.withLock { connections in
      guard connections.count < limits.connections else { return false }
      connections[ObjectIdentifier(connection)] = connection
      metrics.connections.set(connections.count)
      return true
    }
  }

  func remove(_ connection: Connection) {
    let isLast = connections.withLock { connections in
      connections[ObjectIdentifier(connection)] = nil
      metrics.connections.set(connections.count)
      return connections.isEmpty
    }
    if isLast && isDraining {
      empty.fire()
    }
  }

  /// Lets running requests finish and closes the connections that have none.
  func startDraining() {
    isDrainingFlag.store(true, ordering: .sequentiallyConsistent)
    draining.fire()
    let open = connections.withLock { Array($0.values) }
    for connection in open {
      connection.closeIfIdle()
    }
    if open.isEmpty {
      empty.fire()
    }
  }
}
