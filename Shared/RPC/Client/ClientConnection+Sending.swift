import Nng

/// A call that was taken out of the table, to be resumed outside the lock.
struct EndedCall {
  let continuation: CheckedContinuation<AttemptOutcome, Never>?
  let outcome: AttemptOutcome
}

extension ClientConnection {
  /// The next message, if there is something to say and nothing forbids it. It is then being sent. Under the lock.
  func takeBatch(_ state: inout State) -> OutgoingCalls? {
    guard let pipe = state.pipe, state.sending == nil else { return nil }
    let hasNews = !state.waiting.isEmpty || !state.cancels.isEmpty
    let needsTurn = state.unanswered == 0 && !state.calls.isEmpty
    let isUrgent = state.mustConfirm || state.keepalive.wantsProbe
    guard isUrgent || ((hasNews || needsTurn) && !state.wave.isRunning) else { return nil }
    guard let carrier = takeCarrier(&state) else { return nil }
    var batch = OutgoingCalls(carrier: carrier, pipe: pipe)
    batch.calls = takeCalls(&state)
    swap(&batch.cancels, &state.cancels)
    batch.wantsAnswer = state.keepalive.takeProbe()
    state.mustConfirm = false
    state.sending = batch
    return batch
  }

  /// Nil while too many messages are unanswered, or when nng has no memory for another carrier. Under the lock.
  private func takeCarrier(_ state: inout State) -> OutgoingCalls.Carrier? {
    if let index = state.idleCarriers.popLast() {
      return OutgoingCalls.Carrier(index: index, context: state.carriers[index])
    }
    let index = state.carriers.count
    guard index < EnvelopeLimits.unanswered, let context = try? RequestContext(socket) else { return nil }
    context.onEvent { [weak self] event in self?.carrierDidChange(index, event) }
    state.carriers.append(context)
    return OutgoingCalls.Carrier(index: index, context: context)
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
      do throws(NngError) {
        guard let refused = batch.carrier.context.offer(try batch.message(now: MonotonicTime.now())) else {
          next = sendDidEnd(nil)
          continue
        }
        batch.carrier.context.sendWhenPossible(refused)
        // Without its connection the message would wait for the next one, which it is not meant for.
        if state.withLock({ $0.pipe != batch.pipe }) {
          batch.carrier.context.cancel()
        }
        next = nil
      } catch {
        next = sendDidEnd(error)  // No memory: as if nng had refused it.
      }
    }
  }

  /// Something happened to a message. On an nng thread.
  private func carrierDidChange(_ index: Int, _ event: consuming RequestContext.Event) {
    switch consume event {
    case .sent:
      send(sendDidEnd(nil))
    case .notSent(let error):
      send(sendDidEnd(error))
    case .answer(let message):
      receive(message, on: index)
    case .failed:
      let batch = state.withLock { state in
        state.idleCarriers.append(index)
        return takeBatch(&state)
      }
      send(batch)
    }
  }

  /// The connection took the message, or nng gave it back. Returns what is to be sent next.
  private func sendDidEnd(_ error: NngError?) -> OutgoingCalls? {
    let (ended, next) = state.withLock { state -> ([EndedCall], OutgoingCalls?) in
      guard let batch = state.sending else { return ([], nil) }
      state.sending = nil
      if error != nil {
        state.idleCarriers.append(batch.carrier.index)
      }
      var outcome: AttemptOutcome?
      if let error {
        outcome = .notStarted(RPCError(.unavailable, "not sent to \(endpoint): \(error)"))
      } else if state.pipe != batch.pipe {
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
      return (ended, takeBatch(&state))
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
