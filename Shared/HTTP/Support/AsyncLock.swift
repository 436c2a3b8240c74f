import Synchronization

/// Lets one task at a time through, in the order they came, across suspensions. For writers of one connection.
///
/// Waiting does not end on cancellation: whoever holds the lock ends soon, because its connection ends.
final class AsyncLock: Sendable {
  private struct State {
    var isHeld = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func acquire() async {
    if tryAcquire() {
      return
    }
    await withCheckedContinuation { continuation in
      let isMine = state.withLock { state in
        if state.isHeld {
          state.waiting.append(continuation)
          return false
        }
        state.isHeld = true
        return true
      }
      if isMine {
        continuation.resume()
      }
    }
  }

  func tryAcquire() -> Bool {
    state.withLock { state in
      if state.isHeld {
        return false
      }
      state.isHeld = true
      return true
    }
  }

  func release() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      if state.waiting.isEmpty {
        state.isHeld = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
