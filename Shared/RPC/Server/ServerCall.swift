import Synchronization

/// One call that a server has taken: its request, and the lane that serves it.
final class ServerCall: Sendable {
  private enum Stage {
    /// Waits for a lane. Next: running or withdrawn.
    case accepted
    /// Cancelled before a lane took it up.
    case withdrawn
    /// Next: finished or cancelled.
    case running(HandlerLane)
    case finished
    /// Cancelled while it ran.
    case cancelled
  }

  enum End {
    case finished
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

  /// The lane takes up the call. False when it was cancelled before.
  func begin(on lane: HandlerLane) -> Bool {
    stage.withLock { stage in
      guard case .accepted = stage else { return false }
      stage = .running(lane)
      return true
    }
  }

  /// The lane is done with the call. Says whether the lane's task was, or is just being, cancelled.
  func finish() -> End {
    stage.withLock { stage in
      switch stage {
      case .cancelled:
        return .cancelled
      case .accepted, .withdrawn, .running, .finished:
        stage = .finished
        return .finished
      }
    }
  }

  func cancel() {
    let lane = stage.withLock { stage -> HandlerLane? in
      switch stage {
      case .accepted:
        stage = .withdrawn
        return nil
      case .running(let lane):
        stage = .cancelled
        return lane
      case .withdrawn, .finished, .cancelled:
        return nil
      }
    }
    lane?.cancel()
  }
}
