import Nng
import Synchronization

/// One connected client: its calls at work, the results that wait to be sent to it, and the turns to send them.
///
/// Messages are read on nng's threads, one at a time; handlers finish on any. Whoever adds a result and finds that an answer may go out
/// takes all that waits into it.
final class ServerPeer: Sendable {
  let pipe: PipeID
  let name: String
  private let limits: RPCServerOptions
  private let metrics: ServerMetrics
  private let socket: MessageSocket
  private let state = Mutex(State())

  private struct State {
    var calls: [UInt64: ServerCall] = [:]
    var results: [OutgoingResults.Result] = []
    var queuedBytes = 0
    /// Messages that may be answered, oldest first.
    var turns: [RequestID] = []
    var isReplying = false
    var wave = Wave()
    var mustAnswer = false
    var isDraining = false
    /// The client has not said that it has read what it was told while draining.
    var isUnconfirmed = false
    var isClosed = false
  }

  init(
    _ pipe: PipeID, name: String, limits: RPCServerOptions, metrics: ServerMetrics, socket: MessageSocket
  ) {
    self.pipe = pipe
    self.name = name
    self.limits = limits
    self.metrics = metrics
    self.socket = socket
  }

  /// What a message says.
  struct Arrival {
    var accepted: [ServerCall] = []
    var refused: [OutgoingResults.Result] = []
    var cancels: [UInt64] = []
    var wantsAnswer = false
    var time: UInt64 = 0
  }

  enum Reception {
    /// With the calls that the message cancelled, to be told outside any lock.
    case taken(cancelled: [ServerCall])
    /// The connection has ended meanwhile.
    case closed
    /// The client breaks the rules, or sends and does not read: the connection must go.
    case broken
  }

  /// Registers calls, keeps the turn, answers what can be answered at once.
  func arrive(_ arrival: Arrival, _ turn: RequestID) -> Reception {
    let (reception, reply) = state.withLock { state -> (Reception, Reply?) in
      guard !state.isClosed else { return (.closed, nil) }
      guard state.turns.count < EnvelopeLimits.tolerated else { return (.broken, nil) }
      for call in arrival.accepted where state.calls.updateValue(call, forKey: call.id) != nil {
        return (.broken, nil)  // Two calls at work with the same id.
      }
      // After the calls: a message may hold a call and its cancellation.
      let cancelled = arrival.cancels.compactMap { state.calls.removeValue(forKey: $0) }
      for result in arrival.refused {
        queue(result, &state)
      }
      guard state.queuedBytes <= limits.maximumQueuedBytes else { return (.broken, nil) }
      state.turns.append(turn)
      state.mustAnswer = state.mustAnswer || arrival.wantsAnswer
      state.isUnconfirmed = false
      if arrival.accepted.count > 1 {
        state.wave.begin(arrival.accepted.count, at: arrival.time)
      }
      return (.taken(cancelled: cancelled), takeReply(&state))
    }
    send(reply)
    return reception
  }

  /// Queues the result of a call. False when nobody waits for it any more.
  func complete(_ call: ServerCall, _ result: OutgoingResults.Result, at now: UInt64) -> Bool {
    let (isWanted, isStuck, reply) = state.withLock { state -> (Bool, Bool, Reply?) in
      state.wave.arrive(at: now)
      var isWanted = false
      if let known = state.calls[call.id], known === call {
        state.calls[call.id] = nil
        queue(result, &state)
        isWanted = true
      }
      return (isWanted, state.queuedBytes > limits.maximumQueuedBytes, takeReply(&state))
    }
    if isStuck {
      socket.close(pipe)  // It sends calls and does not read their results.
    }
    send(reply)
    return isWanted
  }

  /// Takes out the calls whose deadline has passed; each gets its answer, and its lane is the caller's to tell.
  /// `earliest` becomes the earliest deadline of those that stay.
  func expire(at now: UInt64, earliest: inout UInt64) -> [ServerCall] {
    var next = earliest
    let (expired, reply) = state.withLock { state -> ([ServerCall], Reply?) in
      var expired: [ServerCall] = []
      for call in state.calls.values {
        if call.deadline <= now {
          expired.append(call)
        } else {
          next = min(next, call.deadline)
        }
      }
      for call in expired {
        state.calls[call.id] = nil
        let error = RPCError(.deadlineExceeded, "\(call.context.method) took longer than its caller waits")
        queue(OutgoingResults.Result(id: call.id, outcome: .failure(error)), &state)
      }
      return (expired, takeReply(&state))
    }
    earliest = next
    send(reply)
    return expired
  }

  /// Sends what was held back for handlers that did not end at once.
  func flush() {
    send(
      state.withLock { state in
        state.wave.end()
        return takeReply(&state)
      })
  }

  /// The answer that had to wait has left.
  func replied() {
    send(nextReply())
  }

  /// The connection is gone: returns the calls that nobody waits for any more.
  func close() -> [ServerCall] {
    state.withLock { state in
      state.isClosed = true
      state.results = []
      state.turns = []
      defer { state.calls = [:] }
      return Array(state.calls.values)
    }
  }

  /// Tells the client, as soon as there is a turn, that no further calls are taken.
  func announceDraining() {
    send(
      state.withLock { state in
        state.isDraining = true
        state.mustAnswer = true
        return takeReply(&state)
      })
  }

  /// Handlers at work.
  var callCount: Int {
    state.withLock { $0.calls.count }
  }

  /// No handler is at work and the client has confirmed all that was sent.
  var isSettled: Bool {
    state.withLock { state in
      state.isClosed
        || (state.calls.isEmpty && state.results.isEmpty && !state.isReplying && !state.isUnconfirmed)
    }
  }

  // MARK: - Replies

  private struct Reply {
    var turn: RequestID
    var content: OutgoingResults
  }

  private func queue(_ result: OutgoingResults.Result, _ state: inout State) {
    state.queuedBytes += result.estimatedSize
    state.results.append(result)
  }

  /// The next answer, if there is a turn and something to say, and nothing forbids it. Under the lock.
  private func takeReply(_ state: inout State) -> Reply? {
    guard !state.isReplying, !state.isClosed, let turn = state.turns.first else { return nil }
    let hasNews = !state.results.isEmpty && !state.wave.isRunning
    guard hasNews || state.mustAnswer || state.turns.count > EnvelopeLimits.heldTurns else { return nil }
    state.turns.removeFirst()
    var content = OutgoingResults()
    content.isDraining = state.isDraining
    content.results = takeResults(&state)
    state.mustAnswer = false
    state.isUnconfirmed = state.isDraining
    state.isReplying = true
    return Reply(turn: turn, content: content)
  }

  /// As many results as one message may hold. Under the lock.
  private func takeResults(_ state: inout State) -> [OutgoingResults.Result] {
    var taken: [OutgoingResults.Result] = []
    var bytes = 0
    var count = 0
    for result in state.results {
      let size = result.estimatedSize
      guard count == 0 || (bytes + size <= EnvelopeLimits.bytes && count < EnvelopeLimits.entries) else { break }
      bytes += size
      count += 1
    }
    if count == state.results.count {
      swap(&taken, &state.results)
    } else {
      taken = Array(state.results[..<count])
      state.results.removeFirst(count)
    }
    state.queuedBytes -= bytes
    return taken
  }

  /// The one before has left.
  private func nextReply() -> Reply? {
    state.withLock { state in
      state.isReplying = false
      return takeReply(&state)
    }
  }

  private func send(_ first: Reply?) {
    var next = first
    while let reply = next {
      metrics.batchResults.observe(Double(reply.content.results.count))
      switch socket.send(reply.content.message(), for: reply.turn, on: pipe) {
      case .taken: next = nextReply()
      case .waiting, .gone: next = nil  // `replied` follows, or `close`.
      }
    }
  }
}
