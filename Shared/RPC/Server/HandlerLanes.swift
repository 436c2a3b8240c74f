import Lifecycle
import Nng
import Synchronization

/// A call and the client it came from.
struct Work: Sendable {
  var call: ServerCall
  var peer: ServerPeer
}

/// One task that serves calls, one after the other.
final class HandlerLane: Sendable {
  private enum State {
    case starting
    case running(TaskPool.Handle)
    case cancelled
  }

  private let state = Mutex(State.starting)

  /// Names the task; it may be at work already.
  func attach(_ task: TaskPool.Handle) {
    let isCancelled = state.withLock { state -> Bool in
      if case .cancelled = state { return true }
      state = .running(task)
      return false
    }
    if isCancelled {
      task.cancel()
    }
  }

  /// Cancels the task. The lane serves nothing after the call that it is serving.
  func cancel() {
    let previous = state.withLock { state in
      defer { state = .cancelled }
      return state
    }
    if case .running(let task) = previous {
      task.cancel()
    }
  }
}

/// The tasks that run a server's handlers: as many as calls are at work, and kept for the next ones. Waking a task that
/// waits costs a fraction of starting one.
final class HandlerLanes: Sendable {
  private struct State {
    var backlog: [Work] = []
    var idle: [CheckedContinuation<Work?, Never>] = []
    var isClosed = false
  }

  /// Tasks that are kept while there is nothing to do.
  private static let idleLimit = 1_024

  private let tasks = TaskPool(name: "rpc-handlers")
  private let state = Mutex(State())

  /// Serves the calls soon, each in a task of its own.
  func start(_ calls: [ServerCall], for peer: ServerPeer, on server: RPCServer) {
    for call in calls {
      wake(Work(call: call, peer: peer), server)
    }
  }

  /// Cancels what is at work and returns when it has ended.
  func stop() async {
    tasks.cancelAll()
    close()
    await tasks.drain()
  }

  /// Lets the idle tasks end, and all others after what they are at.
  private func close() {
    let idle = state.withLock { state in
      state.isClosed = true
      defer { state.idle = [] }
      return state.idle
    }
    for continuation in idle {
      continuation.resume(returning: nil)
    }
  }

  private func wake(_ work: Work, _ server: RPCServer) {
    let idle = state.withLock { state -> CheckedContinuation<Work?, Never>? in
      if let idle = state.idle.popLast() { return idle }
      state.backlog.append(work)
      return nil
    }
    if let idle {
      idle.resume(returning: work)
    } else {
      let lane = HandlerLane()
      lane.attach(
        tasks.spawn(id: work.call.context.method) {
          await withTaskExecutorPreference(CallbackExecutor.shared) { await self.run(lane, server) }
        })
    }
  }

  private nonisolated(nonsending) func run(_ lane: HandlerLane, _ server: RPCServer) async {
    while let work = await next() {
      await server.serve(work.call, for: work.peer, on: lane)
      if work.call.finish() == .cancelled {
        return  // The task is cancelled, or will be: it cannot serve another call.
      }
    }
  }

  @inline(__always)
  private nonisolated(nonsending) func next() async -> Work? {
    await withCheckedContinuation { continuation in
      let decision = state.withLock { state -> Work?? in
        if !state.backlog.isEmpty { return .some(state.backlog.removeFirst()) }
        if state.isClosed || state.idle.count >= HandlerLanes.idleLimit { return .some(nil) }
        state.idle.append(continuation)
        return nil
      }
      if let decision {
        continuation.resume(returning: decision)
      }
    }
  }
}
