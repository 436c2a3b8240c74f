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
  /// Fires when the last connection has ended and no other can come.
  let empty = Signal()

  private struct State {
    var connections: [ObjectIdentifier: Connection] = [:]
    var acceptsNoMore = false
  }

  private let isDrainingFlag = Atomic<Bool>(false)
  private let state = Mutex(State())

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
    state.withLock { state in
      guard state.connections.count < limits.connections else { return false }
      state.connections[ObjectIdentifier(connection)] = connection
      metrics.connections.set(state.connections.count)
      return true
    }
  }

  func remove(_ connection: Connection) {
    let isLast = state.withLock { state in
      state.connections[ObjectIdentifier(connection)] = nil
      metrics.connections.set(state.connections.count)
      return state.connections.isEmpty && state.acceptsNoMore
    }
    if isLast {
      empty.fire()
    }
  }

  /// No connection is added from here on, so that one of those that are open is the last.
  func stopAccepting() {
    let isEmpty = state.withLock { state in
      state.acceptsNoMore = true
      return state.connections.isEmpty
    }
    if isEmpty {
      empty.fire()
    }
  }

  /// Lets running requests finish and closes the connections that have none.
  func startDraining() {
    isDrainingFlag.store(true, ordering: .sequentiallyConsistent)
    draining.fire()
    for connection in state.withLock({ Array($0.connections.values) }) {
      connection.closeIfIdle()
    }
  }
}
