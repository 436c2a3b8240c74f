import Synchronization

/// A clock that stands still until it is told to advance: for tests and simulations.
public final class ManualClock: BusinessClock {
  private struct Sleeper {
    var deadline: Instant
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct Watcher {
    var count: Int
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now: Instant
    var nextID: UInt64 = 0
    var sleepers: [UInt64: Sleeper] = [:]
    var watchers: [Watcher] = []
  }

  private let state: Mutex<State>

  public init(_ start: Instant) {
    state = Mutex(State(now: start))
  }

  public func now() -> Instant {
    state.withLock { $0.now }
  }

  public func realDuration(of business: Duration) -> Duration { business }

  /// How many tasks wait for this clock.
  public var sleeperCount: Int {
    state.withLock { $0.sleepers.count }
  }

  /// The earliest instant for which a task waits.
  public var nextDeadline: Instant? {
    state.withLock { state in state.sleepers.values.map(\.deadline).min() }
  }

  /// Moves time and resumes those whose deadline has come, earliest first (ties in order of arrival).
  public func advance(by duration: Duration) {
    precondition(duration >= .zero, "time runs forward")
    advance(to: now() + duration)
  }

  /// Moves time to `instant`; does nothing when that is in the past.
  public func advance(to instant: Instant) {
    let due = state.withLock { state in
      state.now = max(state.now, instant)
      let now = state.now
      let due = state.sleepers.filter { $0.value.deadline <= now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
    }
    for (_, sleeper) in due { sleeper.continuation.resume() }
  }

  /// Returns once at least `count` tasks wait for this clock, so that a test advances no earlier than that.
  public func waitForSleepers(_ count: Int = 1) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.sleepers.count >= count { return true }
        state.watchers.append(Watcher(count: count, continuation: continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  public func sleep(until deadline: Instant) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enqueue(Sleeper(deadline: deadline, continuation: continuation), id: id)
      }
    } onCancel: {
      let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  private func enqueue(_ sleeper: Sleeper, id: UInt64) {
    enum Verdict { case waits, isDue, isCancelled }
    let (verdict, watchers) = state.withLock { state -> (Verdict, [Watcher]) in
      if Task.isCancelled { return (.isCancelled, []) }
      if sleeper.deadline <= state.now { return (.isDue, []) }
      state.sleepers[id] = sleeper
      let count = state.sleepers.count
      let ready = state.watchers.filter { $0.count <= count }
      state.watchers.removeAll { $0.count <= count }
      return (.waits, ready)
    }
    switch verdict {
    case .waits: break
    case .isDue: sleeper.continuation.resume()
    case .isCancelled: sleeper.continuation.resume(throwing: CancellationError())
    }
    for watcher in watchers { watcher.continuation.resume() }
  }
}
