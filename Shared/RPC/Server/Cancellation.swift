import Synchronization

/// Waits for nothing but the end of the task.
enum Cancellation {
  private final class Waiter: Sendable {
    private enum State {
      case new
      case waiting(CheckedContinuation<Void, Never>)
      case over
    }

    private let state = Mutex(State.new)

    func wait(_ continuation: CheckedContinuation<Void, Never>) {
      let isOver = state.withLock { state -> Bool in
        if case .over = state { return true }
        state = .waiting(continuation)
        return false
      }
      if isOver {
        continuation.resume()
      }
    }

    func finish() {
      let previous = state.withLock { state in
        defer { state = .over }
        return state
      }
      if case .waiting(let continuation) = previous {
        continuation.resume()
      }
    }
  }

  /// Returns when the task is cancelled.
  static func wait() async {
    let waiter = Waiter()
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter.wait($0) }
    } onCancel: {
      waiter.finish()
    }
  }
}
