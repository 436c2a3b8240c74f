import Core
import Lifecycle
import Logging
import Metrics
import Nng
import Synchronization
import Tracing

/// Serves the methods of some services on nng endpoints.
///
/// Each call runs in a task of its own, under its caller's deadline, and begins on the nng thread that read it (see
/// `CallbackExecutor`). Results travel in as few messages as the connection's pace makes of them (see `rpc.proto`). A
/// server that is full says so at once.
public final class RPCServer: LifecycleService, MessageSocketHandler {
  public let name = "rpc-server"
  let options: RPCServerOptions
  let logger: Logger
  let metrics: ServerMetrics
  let tracer: Tracer?
  let lanes = HandlerLanes()
  let callCount = Atomic<Int>(0)
  let isDraining = Atomic(false)
  let peers = Mutex<[PipeID: ServerPeer]>([:])
  /// Told when a call ends, a client confirms or goes; `drain` looks then.
  let settled = Gate()
  let sweeper = ServerSweeper()
  let flusher = Flusher()
  /// Clients whose results are held back until the flusher comes.
  let waves = Mutex<[ServerPeer]>([])
  let methods: MethodTable
  let socket: MessageSocket
  private let endpoints: [String]
  private let stage = Mutex(Stage.new)

  private enum Stage {
    case new
    /// With the endpoints, and the ports that were bound.
    case listening([String])
    case running([String])

    var bound: [String] {
      switch self {
      case .new: []
      case .listening(let bound), .running(let bound): bound
      }
    }
  }

  /// Does not listen yet. Two services with a method of the same full name are a programmer's error.
  public init(
    endpoints: [String], services: [any RPCService], options: RPCServerOptions = RPCServerOptions(),
    logger: Logger = .discarding, metrics: MetricsRegistry = MetricsRegistry(), tracer: Tracer? = nil
  ) {
    self.endpoints = endpoints
    self.options = options
    self.logger = logger
    self.tracer = tracer
    let serverMetrics = ServerMetrics(metrics)
    self.metrics = serverMetrics
    let health = HealthService(services: services)
    let served = (services + [health]).flatMap { service in
      service.descriptors.map { descriptor in
        ServedMethod(
          descriptor, service, serverMetrics.method(descriptor.fullName), isBuiltIn: service is HealthService)
      }
    }
    methods = MethodTable(served)
    var socketOptions = MessageSocket.Options()
    socketOptions.maximumMessageBytes = options.maximumMessageBytes + EnvelopeLimits.bytes
    socketOptions.maximumPipes = options.maximumPeers * 2  // Some have yet to greet, or are going.
    socket = MessageSocket(.reply, options: socketOptions)
    health.server.withLock { [weak self] in $0.server = self }
    metrics.gauge("rpc_server_calls_in_flight", "Handlers at work.") { [weak self] in
      Double(self?.callCount.load(ordering: .relaxed) ?? 0)
    }
    socket.setHandler(self)
  }

  /// Binds all endpoints. Throws `NngError`, which says what to do, when one cannot be bound; none is bound then.
  /// Connections wait until `run`.
  public func listen() throws {
    guard case .new = stage.withLock({ $0 }) else { return }
    let bound: [String]
    do {
      try sweeper.start { [weak self] in self?.sweep() }
      bound = try endpoints.map { try socket.listen($0, tls: options.tls) }
    } catch {
      socket.unlisten()
      throw error
    }
    stage.withLock { $0 = .listening(bound) }
    logger.info("rpc listening", [LogField("endpoints", bound.joined(separator: ","))])
  }

  /// Where clients reach this server: the endpoints, with the ports that were bound.
  public var boundEndpoints: [String] {
    stage.withLock { $0.bound }
  }

  /// Serves until cancelled; then cancels the handlers that are at work and closes.
  public func run() async throws {
    try listen()
    let isFirst = stage.withLock { stage -> Bool in
      guard case .listening(let bound) = stage else { return false }
      stage = .running(bound)
      return true
    }
    guard isFirst else {
      throw RPCError(.failedPrecondition, "the server runs already, or has run")
    }
    socket.accept()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.flusher.run { self.flushWaves() } }
      await Signal().wait()  // Until cancelled.
      isDraining.store(true, ordering: .releasing)
      await lanes.stop()
      flusher.stop()
    }
    await socket.close()
  }

  /// Refuses new calls, tells the clients, and returns when every call is answered and the answers have arrived.
  public func drain() async {
    isDraining.store(true, ordering: .releasing)
    for peer in currentPeers {
      peer.announceDraining()
    }
    while callCount.load(ordering: .acquiring) > 0, !Task.isCancelled {
      await settled.wait { callCount.load(ordering: .acquiring) == 0 }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !self.isSettled, !Task.isCancelled {
          await self.settled.wait { self.isSettled }
        }
      }
      group.addTask { try? await Task.sleep(for: self.options.settleTimeout) }  // Cancelled: the wait is over as well.
      await group.next()
      group.cancelAll()
    }
  }

  var currentPeers: [ServerPeer] {
    peers.withLock { Array($0.values) }
  }

  private var isSettled: Bool {
    currentPeers.allSatisfy(\.isSettled)
  }

  public func pipeAdded(_ pipe: PipeID, peer name: String) {
    let peer = ServerPeer(pipe, name: name, limits: options, metrics: metrics, socket: socket)
    let isTaken = peers.withLock { peers -> Bool in
      guard peers.count < options.maximumPeers else { return false }
      peers[pipe] = peer
      return true
    }
    if isTaken {
      metrics.peers.increment()
      if !isServing {
        peer.announceDraining()
      }
    } else {
      logger.warning("rpc connection refused", [LogField("peer", name), LogField("limit", options.maximumPeers)])
      socket.close(pipe)
    }
  }

  public func pipeRemoved(_ pipe: PipeID) {
    forget(pipe)
  }

  public func pipeIsStuck(_ pipe: PipeID) {
    endStuckProcess(logger, endpoints.joined(separator: ","))
  }

  /// Has nothing to do with a connection any more: its calls are cancelled.
  func forget(_ pipe: PipeID) {
    guard let peer = peers.withLock({ $0.removeValue(forKey: pipe) }) else { return }
    metrics.peers.decrement()
    abandon(peer.close())
    settled.open()
  }

  /// Cancels calls that were taken from their peer: their callers do not wait any more.
  func abandon(_ calls: [ServerCall]) {
    for call in calls {
      call.cancel()
    }
  }

  func flushWaves() {
    let peers = waves.withLock { waves in
      defer { waves = [] }
      return waves
    }
    for peer in peers {
      peer.flush()
    }
  }

  /// Whether new calls are taken.
  var isServing: Bool {
    !isDraining.load(ordering: .acquiring)
  }
}
