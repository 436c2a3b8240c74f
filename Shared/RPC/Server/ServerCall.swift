import Lifecycle
import Synchronization

/// One call that a server has taken: its request, and the task that serves it.
final class ServerCall: Sendable {
  /// How far it is: the task is known only after it was started, and may be cancelled before.
  private enum Stage {
    case accepted
    case running(TaskPool.Handle)
    case cancelled
  }

  let id: UInt64
  let method: ServedMethod
  let request: [UInt8]
  let context: CallContext
  /// Monotonic nanoseconds.
  let arrived: UInt64
  /// `MonotonicTime.never` for none.
  let deadline: UInt64
  private let stage = Mutex(Stage.accepted)

  init(
    id: UInt64, method: ServedMethod, request: [UInt8], context: CallContext, arrived: UInt64, deadline: UInt64
  ) {
    self.id = id
    self.method = method
    self.request = request
    self.context = context
    self.arrived = arrived
    self.deadline = deadline
  }

  /// Names the task. Cancels it if the call was cancelled before.
  func attach(_ task: TaskPool.Handle) {
    let isCancelled = stage.withLock { stage -> Bool in
      if case .cancelled = stage { return true }
      stage = .running(task)
      return false
    }
    if isCancelled {
      task.cancel()
    }
  }

  func cancel() {
    let previous = stage.withLock { stage in
      defer { stage = .cancelled }
      return stage
    }
    if case .running(let task) = previous {
      task.cancel()
    }
  }
}
