import Synchronization

/// Wakes those who wait for news. A ring that nobody waits for is remembered by its number.
final class EventBell: Sendable {
  private struct State {
    var rings: UInt64 = 0
    var nextID: UInt64 = 1
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// How often it has rung.
  var rings: UInt64 { state.withLock { $0.rings } }

  func ring() {
    let waiters = state.withLock { state in
      state.rings += 1
      defer { state.waiters = [:] }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }

  /// Returns once it has rung more often than `rings`, when the task is cancelled, or after `limit`.
  func wait(after rings: UInt64, limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await wait(after: rings) }
      // Cancelled when the ring came first.
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait(after rings: UInt64) async {
    let id = state.withLock { state in
      defer { state.nextID += 1 }
      return state.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.rings > rings || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }
}
