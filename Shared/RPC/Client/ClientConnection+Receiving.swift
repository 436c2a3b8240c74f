import Logging
import Nng

extension ClientConnection {
  /// One message of the server. On an nng thread, one at a time.
  func pipe(_ pipe: PipeID, received body: UnsafeRawBufferPointer, for request: RequestID) {
    guard let batch = try? IncomingResults(body) else {
      logger.warning("rpc answer malformed", [LogField("endpoint", endpoint)])
      return socket.close(pipe)
    }
    settle(Answer(batch), pipe, request)
  }

  /// What a message says, copied out of it: that is most of the work, so it is done before the lock is taken.
  private struct Answer {
    var outcomes: [(id: UInt64, outcome: AttemptOutcome)]
    var isDraining: Bool

    init(_ batch: IncomingResults) {
      outcomes = batch.results.map { ($0.id, AttemptOutcome($0)) }
      isDraining = batch.isDraining
    }
  }

  private func settle(_ answer: Answer, _ pipe: PipeID, _ request: RequestID) {
    let now = MonotonicTime.now()
    var ended: [EndedCall] = []
    ended.reserveCapacity(answer.outcomes.count)
    let (isWave, next) = state.withLock { state -> (Bool, OutgoingCalls?) in
      // A client that was closed meanwhile, or an answer to nothing.
      guard state.pipe == pipe, state.unanswered.remove(request) else { return (false, nil) }
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
      state.keepalive.heard(at: now, owesMore: !state.calls.isEmpty)
      publishLoad(state)
      // The callers that wake now will mostly call again, at once; wait for them with what else is to be sent.
      let needsTurn = state.unanswered.count == 0 && !state.calls.isEmpty
      let isWave = ended.count > 1 || (ended.count == 1 && needsTurn)
      if isWave {
        state.wave.begin(ended.count, at: now)
      }
      let next = takeBatch(&state, now: now)
      ensureTimer(&state, firesBy: state.keepalive.due(options), now: now)
      return (isWave, next)
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
        return takeBatch(&state, now: MonotonicTime.now())
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
