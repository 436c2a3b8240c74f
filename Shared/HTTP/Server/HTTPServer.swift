import Core
import Lifecycle
import Logging
import Metrics
import Nng
import Synchronization
import Tracing

/// An HTTP/1.1 server (RFC 9110, RFC 9112) with WebSockets (RFC 6455), on nng's TCP streams.
///
/// Each connection is a child task of `run`. Handlers run on it, and on `CallbackExecutor`: they must not block.
public final class HTTPServer: LifecycleService {
  public let name: String

  private enum State {
    case new
    case listening(StreamListener)
    case running(StreamListener)
    case ended
  }

  private let core: ServerCore
  private let url: String
  private let state = Mutex(State.new)
  private let boundPort = Atomic<Int>(0)
  private let ended = Signal()

  /// - Parameters:
  ///   - name: For logs and metrics; unique among the servers of a process.
  ///   - address: `http://host:port`, where host is an IP address and port 0 lets the system choose.
  ///   - tracer: Makes a span of each request.
  public init(
    name: String = "http", address: String, router: Router, limits: HTTPLimits = .standard, logger: Logger,
    metrics: MetricsRegistry, tracer: Tracer? = nil
  ) {
    self.name = name
    url = address.hasPrefix("http://") ? "tcp://" + address.dropFirst(7) : address
    core = ServerCore(
      router: router, limits: limits, logger: logger,
      metrics: ServerMetrics(server: name, router: router, registry: metrics), tracer: tracer)
  }

  /// Binds the address, so that `port` is known and clients can connect. Throws `NngError`, with `.addressInUse` when
  /// somebody else listens there.
  public func listen() throws {
    let listener = try StreamListener.make(url: url)
    try listener.listen()
    boundPort.store(listener.boundPort ?? 0, ordering: .releasing)
    state.withLock { state in
      guard case .new = state else { preconditionFailure("listen() is called once, before run()") }
      state = .listening(listener)
    }
  }

  /// The port bound. Before `listen` it is 0.
  public var port: Int { boundPort.load(ordering: .acquiring) }

  /// Serves until the server has drained or the task is cancelled. Binds first if `listen` has not.
  public func run() async throws {
    if state.withLock({ if case .new = $0 { true } else { false } }) {
      try listen()
    }
    let listener: StreamListener? = state.withLock { state in
      guard case .listening(let listener) = state else { return nil }
      state = .running(listener)
      return listener
    }
    defer { end() }
    guard let listener else { return }  // Drained before it ran.
    core.logger.info("HTTP server listening", [LogField("server", name), LogField("port", port)])
    await withDiscardingTaskGroup { group in
      await withTaskCancellationHandler {
        await accept(from: listener, into: &group)
        core.stopAccepting()
        await waitForConnections()
      } onCancel: {
        listener.close()
      }
      group.cancelAll()
    }
  }

  /// Stops accepting, lets running requests finish, closes idle connections. Returns when all have ended; those that
  /// have not after `limits.drainTimeout` are cancelled.
  public func drain() async {
    let (listener, isRunning): (StreamListener?, Bool) = state.withLock { state in
      switch state {
      case .new, .listening:
        defer { state = .ended }
        if case .listening(let listener) = state {
          return (listener, false)
        }
        return (nil, false)
      case .running(let listener):
        return (listener, true)
      case .ended:
        return (nil, false)
      }
    }
    if isRunning {
      core.startDraining()  // First: once the listener is closed, `run` wants to know why.
    }
    listener?.close()
    if isRunning {
      await ended.wait()
    }
  }

  private func end() {
    state.withLock { $0 = .ended }
    ended.fire()
  }

  private func accept(from listener: StreamListener, into group: inout DiscardingTaskGroup) async {
    while true {
      do {
        let connection = Connection(try await listener.accept(), core)
        guard core.add(connection) else {
          connection.refuseAsFull()
          core.metrics.refusedConnections.increment()
          continue
        }
        group.addTask(executorPreference: CallbackExecutor.shared) { [core] in
          await connection.serve()
          core.remove(connection)
        }
      } catch let error where error.code == .closed || error.code == .cancelled {
        return
      } catch {
        // Out of file descriptors, most likely: those that end give theirs back.
        core.logger.warning("Connection not accepted", [.error(error)])
        try? await Task.sleep(for: .milliseconds(100))
      }
      if Task.isCancelled {
        return
      }
    }
  }

  /// Until the drain has emptied the server, its time is up, or the task is cancelled.
  private func waitForConnections() async {
    guard core.isDraining else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [core] in await core.empty.wait() }
      group.addTask { [core] in try? await Task.sleep(for: core.limits.drainTimeout) }
      await group.next()
      group.cancelAll()
    }
  }
}
