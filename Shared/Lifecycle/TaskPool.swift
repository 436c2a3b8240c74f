import Synchronization

/// The one owner of unstructured tasks: what is spawned here can be counted, cancelled and waited for.
public final class TaskPool: Sendable {
  /// One task of the pool.
  public struct Handle: Sendable {
    fileprivate let task: Task<Void, Never>

    public func cancel() { task.cancel() }

    /// Returns when the task has ended.
    public func wait() async { await task.value }
  }

  private struct Member {
    var id: String
    var task: Task<Void, Never>
  }

  private struct State {
    var members: [UInt64: Member] = [:]
    var nextKey: UInt64 = 0
    var isCancelled = false
    var drainers: [CheckedContinuation<Void, Never>] = []
  }

  public let name: String
  private let state = Mutex(State())

  public init(name: String) {
    self.name = name
  }

  /// Tasks that have not ended.
  public var count: Int { state.withLock { $0.members.count } }

  /// The ids of the tasks that have not ended, for whoever must say what still runs.
  public var running: [String] {
    state.withLock { state in state.members.values.map(\.id).sorted() }
  }

  /// Starts `body`. The pool lives, and counts the task, until it has ended.
  ///
  /// After `cancelAll()` the task still runs, but is cancelled from its start.
  ///
  /// - Parameter id: What the task is, for `running`; need not be unique.
  @discardableResult
  public func spawn(id: String = "task", _ body: @escaping @Sendable () async -> Void) -> Handle {
    // Created under the lock, so that a task which ends at once finds itself among the members.
    state.withLock { state in
      let key = state.nextKey
      state.nextKey += 1
      // Awaited by `drain()`; the closure holds the pool, so it cannot go away before.
      let task = Task {
        await body()
        self.remove(key)
      }
      if state.isCancelled { task.cancel() }
      state.members[key] = Member(id: id, task: task)
      return Handle(task: task)
    }
  }

  /// Cancels every task, and each that is spawned from now on.
  public func cancelAll() {
    let members = state.withLock { state in
      state.isCancelled = true
      return state.members.values.map(\.task)
    }
    for task in members { task.cancel() }
  }

  /// Returns when no task is left, also counting those that are spawned meanwhile.
  ///
  /// Cancelling the caller does as `cancelAll()`, and waits all the same.
  public func drain() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isEmpty = state.withLock { state in
          if state.members.isEmpty { return true }
          state.drainers.append(continuation)
          return false
        }
        if isEmpty { continuation.resume() }
      }
    } onCancel: {
      cancelAll()
    }
  }

  private func remove(_ key: UInt64) {
    let drainers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.members[key] = nil
      guard state.members.isEmpty else { return [] }
      defer { state.drainers = [] }
      return state.drainers
    }
    for drainer in drainers { drainer.resume() }
  }
}
