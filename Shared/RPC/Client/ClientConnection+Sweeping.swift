import Logging
import Nng

/// Whether the other end still lives, judged by how long it has been silent while it had something to say. Pure.
///
/// Calls whose time is up do not end the wait: else a server that is gone would never be found out by calls that wait for
/// less than the interval.
struct Keepalive {
  /// Since when it has had something to say: a message was sent, or it was heard and owes more.
  private var silentSince: UInt64?
  /// When it was found to be silent, and asked. Counted from here, so that a client that was held up itself still waits.
  private var probedAt: UInt64?
  private(set) var wantsProbe = false

  enum Verdict {
    case alive
    case probe
    case dead
  }

  mutating func sends(at now: UInt64) {
    silentSince = silentSince ?? now
  }

  /// - Parameter owesMore: Calls are still under way.
  mutating func heard(at now: UInt64, owesMore: Bool) {
    self = Keepalive()
    silentSince = owesMore ? now : nil
  }

  /// When the next judgement is due.
  func due(_ options: RPCClientOptions) -> UInt64 {
    guard let interval = options.keepaliveInterval, let silentSince else { return MonotonicTime.never }
    if let probedAt { return MonotonicTime.after(options.keepaliveTimeout, from: probedAt) }
    return MonotonicTime.after(interval, from: silentSince)
  }

  mutating func judge(at now: UInt64, _ options: RPCClientOptions) -> Verdict {
    guard now >= due(options) else { return .alive }
    guard probedAt == nil else { return .dead }
    probedAt = now
    wantsProbe = true
    return .probe
  }

  /// Whether the next message is to ask for an answer at once.
  mutating func takeProbe() -> Bool {
    defer { wantsProbe = false }
    return wantsProbe
  }
}

extension ClientConnection {
  /// Sees to it that the timer fires by `due`. Under the lock, so that arming and hastening cannot overtake each other;
  /// neither runs the callback here.
  func ensureTimer(_ state: inout State, firesBy due: UInt64, now: UInt64) {
    guard due < state.timerFires else { return }
    let isArmed = state.timerFires != MonotonicTime.never
    state.timerFires = due
    if isArmed {
      timer.cancel()  // It fires now; the sweep arms it anew.
    } else {
      timer.arm(after: MonotonicTime.duration(from: now, to: due))
    }
  }

  /// Ends calls whose time is up, looks after the connection, and arms the timer for what is due next. On an nng thread.
  func sweep() {
    struct Plan {
      var ended: [EndedCall] = []
      var batch: OutgoingCalls?
      var deadPipe: PipeID?
    }
    let now = MonotonicTime.now()
    let plan = state.withLock { state -> Plan in
      var plan = Plan()
      state.timerFires = MonotonicTime.never
      guard !state.isClosed else { return plan }
      var earliest = MonotonicTime.never
      for call in state.calls.elements {
        if call.deadline <= now {
          plan.ended += withdraw(call, .timedOut, tellServer: true, &state)
        } else {
          earliest = min(earliest, call.deadline)
        }
      }
      if state.pipe != nil {
        if case .dead = state.keepalive.judge(at: now, options) {
          plan.deadPipe = state.pipe
          state.keepalive = Keepalive()  // Judged once: its end is on the way.
        }
      }
      plan.batch = takeBatch(&state, now: now)
      if state.pipe != nil {
        earliest = min(earliest, state.keepalive.due(options))
      }
      ensureTimer(&state, firesBy: earliest, now: now)
      return plan
    }
    resume(plan.ended)
    if let pipe = plan.deadPipe {
      metrics.keepaliveFailures.increment()
      logger.warning("rpc peer does not answer", [LogField("endpoint", endpoint)])
      socket.close(pipe)
    }
    send(plan.batch)
  }
}
