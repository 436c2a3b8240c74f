import Nng

/// A call that was taken out of the table, to be resumed outside the lock.
struct EndedCall {
  let continuation: CheckedContinuation<AttemptOutcome, Never>?
  let outcome: AttemptOutcome
}

extension ClientConnection {
  /// Any request id will do: replies are not paired with requests.
  private static let header: [UInt8] = [0x80, 0, 0, 1]

  /// The next message, if there is something to say and the sender is free, which it then no longer is. Under the lock.
  func takeBatch(_ state: inout State) -> OutgoingCalls? {
    guard !state.isSending, state.pipe != nil else { return nil }
    guard
      !state.waiting.isEmpty || !state.cancels.isEmpty || state.receipts.isDue || state.keepalive.wantsProbe
    else { return nil }
    var batch = OutgoingCalls()
    batch.calls = takeCalls(&state)
    swap(&batch.cancels, &state.cancels)
    batch.acknowledged = state.receipts.take()
    batch.probe = state.keepalive.takeProbe()
    state.isSending = true
    state.sending = batch.calls
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

  /// Encodes and sends what `takeBatch` returned. Outside the lock.
  func transmit(_ batch: OutgoingCalls) {
    metrics.batchCalls.observe(Double(batch.calls.count))
    do {
      sender.send(try batch.message(header: ClientConnection.header, now: MonotonicTime.now()))
    } catch {
      sendDidComplete(error)  // Out of memory: as if nng had refused it.
    }
  }

  /// The connection took the message, or nng gave it back. On an nng thread.
  func sendDidComplete(_ error: NngError?) {
    let (ended, batch) = state.withLock { state -> ([EndedCall], OutgoingCalls?) in
      var ended: [EndedCall] = []
      let calls = state.sending
      state.sending = []
      state.isSending = false
      if let error {
        let reason = "not sent to \(endpoint): \(error)"
        for call in calls where call.phase == .sending {
          ended += withdraw(call, .notStarted(RPCError(.unavailable, reason)), &state)
        }
      } else if state.lostWhileSending {
        let reason = "lost the connection to \(endpoint) during the call"
        for call in calls where call.phase == .sending {
          ended += withdraw(call, .lost(RPCError(.unavailable, reason)), &state)
        }
      } else {
        for call in calls where call.phase == .sending {
          call.phase = .sent
        }
      }
      state.lostWhileSending = false
      return (ended, takeBatch(&state))
    }
    resume(ended)
    if let batch {
      transmit(batch)
    }
  }

  /// Takes one call out of the table. Under the lock.
  ///
  /// - Parameter tellServer: Cancel the call there, if it may have arrived.
  func withdraw(
    _ call: ClientCall, _ outcome: AttemptOutcome, tellServer: Bool = false, _ state: inout State
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
