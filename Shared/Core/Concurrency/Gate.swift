import Synchronization

/// Where tasks wait until something has changed: a connection came up, a call ended.
public final class Gate: Sendable {
  private struct State {
    var nextKey: UInt64 = 0
    var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())

  public init() {}

  /// Whether nobody waits here any more.
  public var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Returns when `open` or `close` is called, when the task is cancelled, or at once when `isOpen` says so, which is
  /// asked after the wait is on record, so that nothing is missed.
  public func wait(unless isOpen: () -> Bool = { false }) async {
    let key = state.withLock { state in
      state.nextKey += 1
      return state.nextKey
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isClosed = state.withLock { state in
          state.waiting[key] = continuation
          return state.isClosed
        }
        if isClosed || Task.isCancelled || isOpen() {
          release(key)
        }
      }
    } onCancel: {
      release(key)
    }
  }

  /// Lets everybody look again.
  public func open() {
    for continuation in takeAll(closing: false) {
      continuation.resume()
    }
  }

  /// Lets everybody go, now and from now on.
  public func close() {
    for continuation in takeAll(closing: true) {
      continuation.resume()
    }
  }

  private func release(_ key: UInt64) {
    let continuation = state.withLock { $0.waiting.removeValue(forKey: key) }
    continuation?.resume()
  }

  private func takeAll(closing: Bool) -> [CheckedContinuation<Void, Never>] {
    state.withLock { state in
      if closing {
        state.isClosed = true
      }
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
  }
}
