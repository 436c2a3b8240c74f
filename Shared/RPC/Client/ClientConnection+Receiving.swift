import Logging
import Nng

extension ClientConnection {
  /// One message of the server. On an nng thread, one at a time.
  func receive(_ message: borrowing Message) {
    let pipe = message.pipe
    let isSound = message.withBody { bytes -> Bool in
      do {
        try settle(IncomingResults(bytes), pipe)
        return true
      } catch {
        return false
      }
    }
    if !isSound {
      logger.warning("rpc reply malformed or out of order", [LogField("endpoint", endpoint)])
      closePipe(pipe)
    }
  }

  private func settle(_ batch: IncomingResults, _ pipe: PipeID) throws(MalformedEnvelope) {
    // Copies are made before the lock is taken: they are most of the work.
    let outcomes = batch.results.map { outcome($0) }
    let now = MonotonicTime.now()
    var isSound = true
    var ended: [EndedCall] = []
    ended.reserveCapacity(outcomes.count)
    let next = state.withLock { state -> OutgoingCalls? in
      guard state.pipe == pipe else { return nil }  // A message of a connection that has ended meanwhile.
      guard state.receipts.receive(batch.sequence) else {
        isSound = false
        return nil
      }
      state.keepalive.heard(at: now)
      if batch.isDraining {
        state.isDraining = true
        state.receipts.askForAll()
      }
      for (result, outcome) in zip(batch.results, outcomes) {
        // A call that is not there was cancelled or has timed out.
        if let call = state.calls.remove(result.id) {
          ended.append(end(call, outcome))
        }
      }
      publishLoad(state)
      return takeBatch(&state)
    }
    resume(ended)
    if let next {
      transmit(next)
    }
    if !isSound {
      throw MalformedEnvelope()
    }
  }

  private func outcome(_ result: IncomingResults.Result) -> AttemptOutcome {
    if result.code == 0 {
      return .response([UInt8](result.response))
    }
    let code = RPCCode(rawValue: Int(clamping: result.code)) ?? .unknown
    var error = RPCError(code, text(result.message) ?? "")
    if result.retryAfterMicroseconds > 0 {
      error.retryAfter = .microseconds(Int64(clamping: result.retryAfterMicroseconds))
    }
    return result.isNotStarted ? .notStarted(error) : .refused(error)
  }
}
