import Nng
import Synchronization

/// One connected client: its calls at work, and the results that wait to be sent to it.
///
/// Messages are read on nng's thread; handlers finish on any. Whoever adds a result and finds the sender free and the
/// window open takes all that waits into the next message.
final class ServerPeer: Sendable {
  let pipe: PipeID
  let name: String
  private let limits: RPCServerOptions
  private let metrics: ServerMetrics
  private let sender: MessageSender
  /// Drops the connection; given by the server.
  private let disconnect: @Sendable (PipeID) -> Void
  private let state = Mutex(State())

  private struct State {
    var header: [UInt8] = []
    var calls: [UInt64: ServerCall] = [:]
    var results: [OutgoingResults.Result] = []
    var queuedBytes = 0
    var isSending = false
    var window = ReplyWindow()
    var probe: UInt64 = 0
    var mustAnnounceDraining = false
    var isClosed = false
  }

  init(
    _ pipe: PipeID, name: String, socket: MessageSocket, limits: RPCServerOptions, metrics: ServerMetrics,
    disconnect: @escaping @Sendable (PipeID) -> Void
  ) throws(NngError) {
    self.pipe = pipe
    self.name = name
    self.limits = limits
    self.metrics = metrics
    self.disconnect = disconnect
    sender = try MessageSender(socket)
    sender.onCompletion { [weak self] error in self?.sendDidComplete(error) }
  }

  /// What one message changes beside the calls that it brings.
  struct Arrival {
    var accepted: [ServerCall] = []
    var refused: [OutgoingResults.Result] = []
    var cancels: [UInt64] = []
    var acknowledged: UInt64 = 0
    var probe: UInt64 = 0
  }

  enum Reception {
    /// With the calls that the message cancelled, to be told outside any lock.
    case taken(cancelled: [ServerCall])
    /// The connection has ended meanwhile.
    case closed
    /// The client breaks the rules, or sends and does not read: the connection must go.
    case broken
  }

  /// Registers calls, notes acknowledgements, answers what can be answered at once.
  func arrive(_ arrival: Arrival, header: @autoclosure () -> [UInt8]) -> Reception {
    let (reception, batch) = state.withLock { state -> (Reception, Batch?) in
      guard !state.isClosed else { return (.closed, nil) }
      if state.header.isEmpty {
        state.header = header()
      }
      guard state.window.acknowledge(arrival.acknowledged) else { return (.broken, nil) }
      for call in arrival.accepted where state.calls.updateValue(call, forKey: call.id) != nil {
        return (.broken, nil)  // Two calls at work with the same id.
      }
      // After the calls: a message may hold a call and its cancellation.
      let cancelled = arrival.cancels.compactMap { state.calls.removeValue(forKey: $0) }
      for result in arrival.refused {
        queue(result, &state)
      }
      if arrival.probe != 0 {
        state.probe = arrival.probe
      }
      guard state.queuedBytes <= limits.maximumQueuedBytes else { return (.broken, nil) }
      return (.taken(cancelled: cancelled), takeBatch(&state))
    }
    if let batch {
      transmit(batch)
    }
    return reception
  }

  /// Queues the result of a call. False when nobody waits for it any more.
  func complete(_ call: ServerCall, _ result: OutgoingResults.Result) -> Bool {
    let (isWanted, isStuck, batch) = state.withLock { state -> (Bool, Bool, Batch?) in
      guard let known = state.calls[call.id], known === call else { return (false, false, nil) }
      state.calls[call.id] = nil
      queue(result, &state)
      return (true, state.queuedBytes > limits.maximumQueuedBytes, takeBatch(&state))
    }
    if isStuck {
      disconnect(pipe)  // It sends calls and does not read their results.
    }
    if let batch {
      transmit(batch)
    }
    return isWanted
  }

  /// Takes out the calls whose deadline has passed; each gets its answer, and its task is the caller's to cancel.
  /// `earliest` becomes the earliest deadline of those that stay.
  func expire(at now: UInt64, earliest: inout UInt64) -> [ServerCall] {
    var next = earliest
    let (expired, batch) = state.withLock { state -> ([ServerCall], Batch?) in
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
      return (expired, takeBatch(&state))
    }
    earliest = next
    if let batch {
      transmit(batch)
    }
    return expired
  }

  /// The connection is gone: returns the calls that nobody waits for any more.
  func close() -> [ServerCall] {
    state.withLock { state in
      state.isClosed = true
      state.results = []
      defer { state.calls = [:] }
      return Array(state.calls.values)
    }
  }

  /// Tells the client that no further calls are taken.
  func announceDraining() {
    let batch = state.withLock { state -> Batch? in
      state.mustAnnounceDraining = true
      return takeBatch(&state)
    }
    if let batch {
      transmit(batch)
    }
  }

  /// Handlers at work.
  var callCount: Int {
    state.withLock { $0.calls.count }
  }

  /// No handler is at work and the client has confirmed all that was sent.
  var isSettled: Bool {
    state.withLock { state in
      state.isClosed || state.header.isEmpty
        || (state.calls.isEmpty && state.results.isEmpty && !state.isSending && state.window.isSettled)
    }
  }

  // MARK: - Sending

  private struct Batch {
    var content: OutgoingResults
    var header: [UInt8]
  }

  private func queue(_ result: OutgoingResults.Result, _ state: inout State) {
    state.queuedBytes += result.estimatedSize
    state.results.append(result)
  }

  /// The next message, if there is something to say, the sender is free and the window open. Under the lock.
  private func takeBatch(_ state: inout State) -> Batch? {
    guard !state.isSending, !state.isClosed, state.window.isOpen, !state.header.isEmpty else { return nil }
    guard !state.results.isEmpty || state.probe != 0 || state.mustAnnounceDraining else { return nil }
    var content = OutgoingResults()
    var bytes = 0
    var count = 0
    for result in state.results {
      let size = result.estimatedSize
      guard count == 0 || (bytes + size <= EnvelopeLimits.bytes && count < EnvelopeLimits.entries) else { break }
      bytes += size
      count += 1
    }
    if count == state.results.count {
      swap(&content.results, &state.results)
    } else {
      content.results = Array(state.results[..<count])
      state.results.removeFirst(count)
    }
    state.queuedBytes -= bytes
    content.sequence = state.window.next()
    swap(&content.probe, &state.probe)
    content.isDraining = state.mustAnnounceDraining
    state.mustAnnounceDraining = false
    state.isSending = true
    return Batch(content: content, header: state.header)
  }

  private func transmit(_ batch: Batch) {
    metrics.batchResults.observe(Double(batch.content.results.count))
    do {
      sender.send(try batch.content.message(header: batch.header))
    } catch {
      disconnect(pipe)  // Out of memory: results are lost, so the client must hear that the connection is.
    }
  }

  /// nng took the message, or the socket is closing. On an nng thread.
  private func sendDidComplete(_ error: NngError?) {
    guard error == nil else { return }
    let batch = state.withLock { state -> Batch? in
      state.isSending = false
      return takeBatch(&state)
    }
    if let batch {
      transmit(batch)
    }
  }
}
