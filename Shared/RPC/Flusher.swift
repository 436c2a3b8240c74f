import Nng
import Synchronization

/// Runs something after all jobs that `CallbackExecutor` had ready when it was asked, from a task of its own.
///
/// That executor's queues are first in, first out: so this comes when those who were woken before, and live there, have
/// taken their first step.
final class Flusher: Sendable {
  private enum State {
    case busy
    case idle(CheckedContinuation<Bool, Never>)
    /// Asked while busy: comes round once more.
    case asked
    case stopped
  }

  private let state = Mutex(State.busy)

  /// Runs `flush` for each time, or several times, that `ask` was called; returns after `stop`.
  func run(_ flush: @Sendable () async -> Void) async {
    await withTaskExecutorPreference(CallbackExecutor.shared) {
      while await isWanted() {
        await flush()
      }
    }
  }

  func ask() {
    let continuation = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      switch state {
      case .idle(let continuation):
        state = .busy
        return continuation
      case .busy:
        state = .asked
        return nil
      case .asked, .stopped:
        return nil
      }
    }
    continuation?.resume(returning: true)
  }

  func stop() {
    let previous = state.withLock { state in
      defer { state = .stopped }
      return state
    }
    if case .idle(let continuation) = previous {
      continuation.resume(returning: false)
    }
  }

  private func isWanted() async -> Bool {
    await withCheckedContinuation { continuation in
      let decision = state.withLock { state -> Bool? in
        switch state {
        case .busy:
          state = .idle(continuation)
          return nil
        case .asked:
          state = .busy
          return true
        case .stopped:
          return false
        case .idle:
          preconditionFailure("one task runs a flusher")
        }
      }
      if let decision {
        continuation.resume(returning: decision)
      }
    }
  }
}
