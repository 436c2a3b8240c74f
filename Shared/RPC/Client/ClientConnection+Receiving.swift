import Logging
import Nng

extension ClientConnection {
  /// One message of the server. On an nng thread, several at a time.
  func receive(_ message: borrowing Message, on carrier: Int) {
    let pipe = message.pipe
    let batch = message.withBody { bytes -> Answer? in
      try? Answer(IncomingResults(bytes))  // Nil is a message that cannot be decoded.
    }
    if batch == nil {
      logger.warning("rpc answer malformed", [LogField("endpoint", endpoint)])
      socket.close(pipe)
    }
    settle(batch ?? Answer(), pipe, carrier)
  }

  /// What a message says, copied out of it: that is most of the work, so it is done before the lock is taken.
  private struct Answer {
    var outcomes: [(id: UInt64, outcome: AttemptOutcome)] = []
    var isDraining = false

    init() {}

    init(_ batch: IncomingResults) {
      outcomes = batch.results.map { ($0.id, AttemptOutcome($0)) }
      isDraining = batch.isDraining
    }
  }

  private func settle(_ answer: Answer, _ pipe: PipeID, _ carrier: Int) {
    let now = MonotonicTime.now()
    var ended: [EndedCall] = []
    ended.reserveCapacity(answer.outcomes.count)
    let (isWave, next) = state.withLock { state -> (Bool, OutgoingCalls?) in
      state.idleCarriers.append(carrier)
      guard state.pipe == pipe else { return (false, nil) }  // A connection that has ended meanwhile.
      state.keepalive.heard(at: now)
      if answer.isDraining {
        state.isDraining = true
        state.mustConfirm = true
      }
      for (id, outcome) in answer.outcomes {
        // A call that is not there was cancelled or has timed out.
        if let call = state.calls.remove(id) {
          ended.append(end(call, outcome))
        }
      }
      publishLoad(state)
      // The callers that wake now will mostly call again, at once; wait for them with what else is to be sent.
      let needsTurn = state.unanswered == 0 && !state.calls.isEmpty
      let isWave = ended.count > 1 || (ended.count == 1 && needsTurn)
      if isWave {
        state.wave.begin(ended.count, at: now)
      }
      return (isWave, takeBatch(&state))
    }
    resume(ended)
    if isWave {
      flusher.ask()
    }
    send(next)
  }

  /// Sends what was held back for callers that had nothing to say.
  ///
  /// Callers on nng's threads have had their turn; behind those of the cooperative pool this queues.
  func flush() async {
    guard state.withLock({ $0.wave.isRunning }) else { return }
    await withTaskExecutorPreference(globalConcurrentExecutor) {
      let batch = state.withLock { state in
        state.wave.end()
        return takeBatch(&state)
      }
      send(batch)
    }
  }
}

extension AttemptOutcome {
  init(_ result: IncomingResults.Result) {
    if result.code == 0 {
      self = .response([UInt8](result.response))
      return
    }
    let code = RPCCode(rawValue: Int(clamping: result.code)) ?? .unknown
    var error = RPCError(code, text(result.message) ?? "")
    if result.retryAfterMicroseconds > 0 {
      error.retryAfter = .microseconds(Int64(clamping: result.retryAfterMicroseconds))
    }
    self = result.isNotStarted ? .notStarted(error) : .refused(error)
  }
}
