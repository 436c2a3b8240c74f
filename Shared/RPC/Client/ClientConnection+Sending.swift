import Nng

/// A call that was taken out of the table, to be resumed outside the lock.
struct EndedCall {
  let continuation: CheckedContinuation<AttemptOutcome, Never>?
  let outcome: AttemptOutcome
}

extension ClientConnection {
  /// The next message, if there is something to say and nothing forbids it. It is then being sent. Under the lock.
  func takeBatch(_ state: inout State, now: UInt64) -> OutgoingCalls? {
    guard let pipe = state.pipe, state.sending == nil else { return nil }
    let hasNews = !state.waiting.isEmpty || !state.cancels.isEmpty
    let needsTurn = state.unanswered.count == 0 && !state.calls.isEmpty
    let isUrgent = state.mustConfirm || state.keepalive.wantsProbe
    guard isUrgent || ((hasNews || needsTurn) && !state.wave.isRunning) else { return nil }
    guard let request = state.unanswered.take() else { return nil }
    var batch = OutgoingCalls(request: request, pipe: pipe)
    batch.calls = takeCalls(&state)
    swap(&batch.cancels, &state.cancels)
    batch.wantsAnswer = state.keepalive.takeProbe()
    state.keepalive.sends(at: now)
    state.mustConfirm = false
    state.sending = batch
    return batch
  }

  /// As many waiting calls as one message may hold. Under the lock.
  private func takeCalls(_ state: inout State) -> [ClientCall] {
    var taken: [ClientCall] = []
    taken.reserveCapacity(min(state.waiting.count, EnvelopeLimits.entries))
    var bytes = 0
    var passed = 0
    for call in state.waiting {
      if call.phase == .waiting {
        let size = call.estimatedSize
        guard taken.isEmpty || (bytes + size <= EnvelopeLimits.bytes && taken.count < EnvelopeLimits.entries) else {
          break
        }
        bytes += size
        call.phase = .sending
        taken.append(call)
      }
      passed += 1
    }
    if passed == state.waiting.count {
      state.waiting.removeAll(keepingCapacity: true)
    } else {
      state.waiting.removeFirst(passed)
    }
    return taken
  }

  /// Sends what `takeBatch` returned, and what it returns after that. Outside the lock.
  func send(_ first: OutgoingCalls?) {
    var next = first
    while let batch = next {
      metrics.batchCalls.observe(Double(batch.calls.count))
      switch socket.send(batch.message(now: MonotonicTime.now()), for: batch.request, on: batch.pipe) {
      case .taken: next = sendDidEnd(.sent)
      case .gone: next = sendDidEnd(.notSent)
      case .waiting: next = nil
      }
    }
  }

  func pipe(_ pipe: PipeID, didSend: Bool) {
    send(sendDidEnd(didSend ? .sent : .cutOff))
  }

  private enum SendEnd {
    case sent
    case notSent
    /// The connection ended in the middle. The server cannot have begun, but may be the one that ended it: so this counts
    /// as an attempt.
    case cutOff
  }

  /// The connection took the message, or ended before. Returns what is to be sent next.
  private func sendDidEnd(_ end: SendEnd) -> OutgoingCalls? {
    let (ended, next) = state.withLock { state -> ([EndedCall], OutgoingCalls?) in
      guard let batch = state.sending else { return ([], nil) }
      state.sending = nil
      var outcome: AttemptOutcome?
      if end == .notSent {
        outcome = .notStarted(RPCError(.unavailable, "lost the connection to \(endpoint)"))
      } else if end == .cutOff || state.pipe != batch.pipe {
        outcome = .lost(RPCError(.unavailable, "lost the connection to \(endpoint) during the call"))
      }
      var ended: [EndedCall] = []
      for call in batch.calls where call.phase == .sending {
        if let outcome {
          ended += withdraw(call, outcome, tellServer: false, &state)
        } else {
          call.phase = .sent
        }
      }
      // Nothing more goes to a connection that is about to be reported gone.
      return (ended, end == .sent || state.pipe != batch.pipe ? takeBatch(&state, now: MonotonicTime.now()) : nil)
    }
    resume(ended)
    return next
  }

  /// Takes one call out of the table. Under the lock.
  ///
  /// - Parameter tellServer: Cancel the call there, if it may have arrived.
  func withdraw(
    _ call: ClientCall, _ outcome: AttemptOutcome, tellServer: Bool, _ state: inout State
  ) -> [EndedCall] {
    guard state.calls.remove(call.id) != nil else { return [] }
    if tellServer, call.phase == .sent || call.phase == .sending, state.pipe != nil {
      state.cancels.append(call.id)
    }
    publishLoad(state)
    return [end(call, outcome)]
  }

  /// Marks a call that has just left the table. Under the lock.
  func end(_ call: ClientCall, _ outcome: AttemptOutcome) -> EndedCall {
    call.phase = .over
    let continuation = call.continuation
    call.continuation = nil
    return EndedCall(continuation: continuation, outcome: outcome)
  }

  /// Outside the lock.
  func resume(_ ended: [EndedCall]) {
    for call in ended {
      call.continuation?.resume(returning: call.outcome)
    }
  }
}
