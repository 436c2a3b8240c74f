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
public final class RPCServer: LifecycleService {
  public let name = "rpc-server"
  let options: RPCServerOptions
  let logger: Logger
  let metrics: ServerMetrics
  let tracer: Tracer?
  let lanes = HandlerLanes()
  let callCount = Atomic<Int>(0)
  let isDraining = Atomic(false)
  let peers = Mutex<[PipeID: ServerPeer]>([:])
  /// Connections of clients that broke the rules, and when they were last heard: see `dismiss`.
  let dismissed = Mutex<[PipeID: UInt64]>([:])
  /// Told when a call ends, a client confirms or goes; `drain` looks then.
  let settled = Gate()
  let sweeper = ServerSweeper()
  let flusher = Flusher()
  /// Clients whose results are held back until the flusher comes.
  let waves = Mutex<[ServerPeer]>([])
  let methods: MethodTable
  private let endpoints: [String]
  private let link = Mutex<Link?>(nil)

  private struct Link {
    var socket: MessageSocket
    var turns: TurnPool
    var bound: [String]
    var isReceiving = false
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
    health.server.withLock { [weak self] in $0.server = self }
    metrics.gauge("rpc_server_calls_in_flight", "Handlers at work.") { [weak self] in
      Double(self?.callCount.load(ordering: .relaxed) ?? 0)
    }
  }

  /// Binds all endpoints. Throws `NngError`, which says what to do, when one cannot be bound; none is bound then.
  /// Connections wait until `run`.
  public func listen() throws {
    guard link.withLock({ $0 == nil }) else { return }
    var socketOptions = MessageSocket.Options()
    socketOptions.maximumMessageBytes = options.maximumMessageBytes + EnvelopeLimits.bytes
    let socket = try MessageSocket(.reply, options: socketOptions)
    socket.onPipeEvent { [weak self, weak socket] event in
      if let self, let socket { self.pipeDidChange(event, socket) }
    }
    try sweeper.start { [weak self] in self?.sweep() }
    let turns = TurnPool(socket) { [weak self] message, turn in self?.receive(message, turn) }
    let bound = try endpoints.map { try socket.listen($0, tls: options.tls) }
    link.withLock { $0 = Link(socket: socket, turns: turns, bound: bound) }
    logger.info("rpc listening", [LogField("endpoints", bound.joined(separator: ","))])
  }

  /// Where clients reach this server: the endpoints, with the ports that were bound.
  public var boundEndpoints: [String] {
    link.withLock { $0?.bound ?? [] }
  }

  /// Serves until cancelled; then cancels the handlers that are at work and closes.
  public func run() async throws {
    try listen()
    let started = link.withLock { link -> Link? in
      guard let current = link, !current.isReceiving else { return nil }
      link?.isReceiving = true
      return current
    }
    guard let started else {
      throw RPCError(.failedPrecondition, "the server runs already, or has run")
    }
    started.turns.receiveNext()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.flusher.run { self.flushWaves() } }
      await Cancellation.wait()
      isDraining.store(true, ordering: .releasing)
      await lanes.stop()
      flusher.stop()
    }
    await started.socket.close()
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

  private func pipeDidChange(_ event: MessageSocket.PipeEvent, _ socket: MessageSocket) {
    switch event {
    case .added(let pipe, let name):
      let peer = ServerPeer(pipe, name: name, limits: options, metrics: metrics) { [weak self] in self?.dismiss($0) }
      let isTaken = peers.withLock { peers -> Bool in
        guard peers.count + dismissed.withLock({ $0.count }) < options.maximumPeers else { return false }
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
    case .removed(let pipe):
      forget(pipe)
      _ = dismissed.withLock { $0.removeValue(forKey: pipe) }
    }
  }

  /// Has nothing to do with a connection any more: its calls are cancelled, its turns given back.
  private func forget(_ pipe: PipeID) {
    guard let peer = peers.withLock({ $0.removeValue(forKey: pipe) }) else { return }
    metrics.peers.decrement()
    let (calls, turns) = peer.close()
    abandon(calls)
    giveBack(turns)
    settled.open()
  }

  /// Ends the connection of a client that broke the rules: from now on nothing that it says is read, and it is closed as
  /// soon as it is quiet.
  ///
  /// Not at once: nng 1.5.2 loses the receive of a pipe that is closed between the header and the body of a message (its
  /// transports start the read of the body on an aio that has been stopped, which nobody is told of), and then waits for
  /// it for ever on the one thread that ends connections.
  func dismiss(_ pipe: PipeID) {
    let now = MonotonicTime.now()
    dismissed.withLock { $0[pipe] = now }
    forget(pipe)
    sweeper.ensure(firesBy: MonotonicTime.after(Self.quiet, from: now))
  }

  /// Closes the dismissed connections that have been quiet for long enough. `earliest` becomes the time of the next one.
  func closeDismissed(at now: UInt64, earliest: inout UInt64) {
    var next = earliest
    let quiet = dismissed.withLock { dismissed in
      let quiet = dismissed.filter { MonotonicTime.after(Self.quiet, from: $0.value) <= now }.map(\.key)
      for pipe in quiet { dismissed[pipe] = nil }
      next = dismissed.values.reduce(next) { min($0, MonotonicTime.after(Self.quiet, from: $1)) }
      return quiet
    }
    earliest = next
    let socket = link.withLock { $0?.socket }
    for pipe in quiet { socket?.close(pipe) }
  }

  private static let quiet = Duration.milliseconds(100)

  /// Cancels calls that were taken from their peer: their callers do not wait any more.
  func abandon(_ calls: [ServerCall]) {
    for call in calls {
      call.cancel()
    }
  }

  /// Returns turns that were held for a client and are not to be answered.
  func giveBack(_ turns: [Turn]) {
    let pool = link.withLock { $0?.turns }
    for turn in turns {
      _ = turn.release()
      pool?.put(turn)
    }
  }

  /// The message is noted: the next one may come.
  func receiveNext() {
    link.withLock { $0?.turns }?.receiveNext()
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
