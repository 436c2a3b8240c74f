import Logging
import Nng
import Synchronization

/// One endpoint of a client: a request socket that stays connected, and the calls that are under way on it.
///
/// Callers add their call to the queue under the lock. Whoever finds that a message may go out, a caller or the end of the
/// previous send, takes all that is queued into it. Answers are read on nng's thread, which resumes the callers. One timer
/// serves all deadlines and the keepalive.
final class ClientConnection: MessageSocketHandler {
  let endpoint: String
  let options: RPCClientOptions
  let metrics: ClientMetrics
  let logger: Logger
  let state = Mutex(State())
  let socket: MessageSocket
  let timer: OneShotTimer
  let flusher = Flusher()
  /// Calls under way, for the balancer; negative while no call can be given to this connection.
  private let publishedLoad = Atomic<Int>(-1)
  /// Told whenever the connection becomes usable.
  private let onAvailable: @Sendable () -> Void

  struct State {
    var pipe: PipeID?
    var isDraining = false
    var isClosed = false
    /// Every call under way, in any phase.
    var calls = SlotTable<ClientCall>()
    /// In phase `waiting`, oldest first; may hold calls that are over.
    var waiting: [ClientCall] = []
    var cancels: [UInt64] = []
    /// The message that is being sent.
    var sending: OutgoingCalls?
    var unanswered = UnansweredRequests()
    var wave = Wave()
    /// The server drains, and waits for a sign that this end knows and has its results.
    var mustConfirm = false
    var keepalive = Keepalive()
    /// When the timer fires; `MonotonicTime.never` when it is not armed.
    var timerFires = MonotonicTime.never

    var isUsable: Bool { pipe != nil && !isDraining && !isClosed }
  }

  init(
    endpoint: String, options: RPCClientOptions, metrics: ClientMetrics, logger: Logger,
    onAvailable: @escaping @Sendable () -> Void
  ) throws {
    self.endpoint = endpoint
    self.options = options
    self.metrics = metrics
    self.logger = logger
    self.onAvailable = onAvailable
    var socketOptions = MessageSocket.Options()
    socketOptions.maximumMessageBytes = options.maximumMessageBytes + EnvelopeLimits.bytes
    socketOptions.reconnectMinimum = options.reconnectMinimum
    socketOptions.reconnectMaximum = options.reconnectMaximum
    socket = MessageSocket(.request, options: socketOptions)
    timer = try OneShotTimer()
    socket.setHandler(self)
    timer.onFire { [weak self] in self?.sweep() }
    try socket.dial(endpoint, tls: options.tls)
  }

  /// Calls under way; nil while no call can be given to this connection.
  var load: Int? {
    let load = publishedLoad.load(ordering: .relaxed)
    return load >= 0 ? load : nil
  }

  /// Must be called under the lock whenever usability or the number of calls has changed.
  func publishLoad(_ state: borrowing State) {
    publishedLoad.store(state.isUsable ? state.calls.count : -1, ordering: .relaxed)
  }

  /// Makes one attempt and returns how it ended. Cancelling the task ends it at once and tells the server.
  @inline(__always)
  nonisolated(nonsending) func perform(_ call: ClientCall) async -> AttemptOutcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        submit(call, continuation)
        if Task.isCancelled {
          cancel(call)  // The handler below may have run before the call was in the table.
        }
      }
    } onCancel: {
      cancel(call)
    }
  }

  /// Fails everything under way and closes the socket.
  func close() async {
    let ended = state.withLock { state in
      state.isClosed = true
      state.pipe = nil
      publishLoad(state)
      return endAll(&state) { _ in .lost(RPCError(.unavailable, "the client was closed")) }
    }
    resume(ended)
    flusher.stop()
    timer.cancel()
    await socket.close()
  }

  private func submit(_ call: ClientCall, _ continuation: CheckedContinuation<AttemptOutcome, Never>) {
    enum Decision {
      case queued(OutgoingCalls?)
      case refused(AttemptOutcome)
    }
    let now = MonotonicTime.now()
    let decision = state.withLock { state -> Decision in
      guard state.isUsable else {
        return .refused(.notStarted(RPCError(.unavailable, "no connection to \(endpoint)")))
      }
      guard state.calls.count < options.maximumOutstandingCalls else {
        let limit = options.maximumOutstandingCalls
        return .refused(.refused(RPCError(.resourceExhausted, "\(limit) calls to \(endpoint) are outstanding")))
      }
      call.continuation = continuation
      call.phase = .waiting
      call.id = state.calls.insert(call)
      state.waiting.append(call)
      state.wave.arrive(at: now)
      publishLoad(state)
      let batch = takeBatch(&state, now: now)
      ensureTimer(&state, firesBy: min(call.deadline, state.keepalive.due(options)), now: now)
      return .queued(batch)
    }
    switch decision {
    case .queued(let batch):
      send(batch)
    case .refused(let outcome):
      continuation.resume(returning: outcome)
    }
  }

  private func cancel(_ call: ClientCall) {
    let (ended, batch) = state.withLock { state -> ([EndedCall], OutgoingCalls?) in
      guard call.phase != .new, call.phase != .over else { return ([], nil) }
      return (
        withdraw(call, .cancelled, tellServer: true, &state), takeBatch(&state, now: MonotonicTime.now())
      )
    }
    resume(ended)
    send(batch)
  }

  func pipeAdded(_ pipe: PipeID, peer: String) {
    let isUsable = state.withLock { state -> Bool in
      guard !state.isClosed else { return false }
      state.pipe = pipe
      state.isDraining = false
      state.mustConfirm = false
      state.unanswered = UnansweredRequests()
      state.wave.end()
      state.keepalive = Keepalive()
      publishLoad(state)
      return true
    }
    if isUsable {
      logger.debug("rpc connected", [LogField("endpoint", endpoint), LogField("peer", peer)])
      onAvailable()
    }
  }

  func pipeRemoved(_ pipe: PipeID) {
    let ended = state.withLock { state -> [EndedCall]? in
      guard state.pipe == pipe else { return nil }
      state.pipe = nil
      publishLoad(state)
      let endpoint = endpoint
      return endAll(&state) { phase in
        phase == .waiting
          ? .notStarted(RPCError(.unavailable, "lost the connection to \(endpoint)"))
          : .lost(RPCError(.unavailable, "lost the connection to \(endpoint) during the call"))
      }
    }
    guard let ended else { return }
    resume(ended)
    metrics.connectionsLost.increment()
    logger.info("rpc connection lost", [LogField("endpoint", endpoint), LogField("calls", ended.count)])
  }

  func pipeIsStuck(_ pipe: PipeID) {
    endStuckProcess(logger, endpoint)
  }

  /// Takes all calls out of the table. Those in phase `sending` stay, unless the client is closing: the end of the send,
  /// which follows, knows whether they may have left. Under the lock.
  private func endAll(_ state: inout State, _ outcome: (ClientCall.Phase) -> AttemptOutcome) -> [EndedCall] {
    let isClosed = state.isClosed
    let calls = state.calls.removeAll { isClosed || $0.phase != .sending }
    state.waiting.removeAll()
    state.cancels.removeAll()
    return calls.map { end($0, outcome($0.phase)) }
  }
}
