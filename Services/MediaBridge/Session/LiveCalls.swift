import Core
import Lifecycle
import Logging
import Synchronization

/// The calls that this instance has, or will need, an agent for. A slot is taken before a call is placed, so that an
/// answered call always has its agent.
final class LiveCalls: LifecycleService {
  enum Refusal: Error, Hashable, Sendable {
    /// No slot is free.
    case full
    /// This instance is going to end.
    case draining
  }

  private enum Slot {
    /// The provider is being asked.
    case reserved
    case live(LiveCall)
  }

  private struct State {
    var slots: [CallID: Slot] = [:]
    var isDraining = false
  }

  let name = "live-calls"
  private let control: CallControl
  private let engine: any VoiceEngine
  private let capacity: Int
  private let silenceLimit: Duration
  private let tasks: TaskPool
  private let logger: Logger
  private let state = Mutex(State())
  /// Opened when the last slot is free.
  private let idle = Gate()

  init(
    control: CallControl, engine: any VoiceEngine, capacity: Int, silenceLimit: Duration, tasks: TaskPool,
    logger: Logger
  ) {
    self.control = control
    self.engine = engine
    self.capacity = capacity
    self.silenceLimit = silenceLimit
    self.tasks = tasks
    self.logger = logger
  }

  /// Keeps a slot for a call that is about to be placed. False when it has one: then it is somebody else's to release.
  func reserve(_ call: CallID) throws(Refusal) -> Bool {
    let result = state.withLock { state -> Result<Bool, Refusal> in
      if state.isDraining { return .failure(.draining) }
      if state.slots[call] != nil { return .success(false) }
      if state.slots.count >= capacity { return .failure(.full) }
      state.slots[call] = .reserved
      return .success(true)
    }
    countSessions()
    return try result.get()
  }

  /// Opens the engine's session for a call that will be answered, or has been. Answers the same for the same call.
  func open(_ call: StoredCall, script: CallScript) -> LiveCall {
    let (live, isNew) = state.withLock { state in
      if case .live(let live) = state.slots[call.call] { return (live, false) }
      let live = LiveCall(
        call, script: script, silenceLimit: silenceLimit, control: control, engine: engine, logger: logger)
      state.slots[call.call] = .live(live)
      return (live, true)
    }
    if isNew {
      countSessions()
      tasks.spawn(id: "engine") { await live.runEngine() }
    }
    return live
  }

  /// The call needs no agent: it ended before it was answered, or was never placed. One whose conversation goes on ends
  /// with its stream.
  func release(_ call: CallID) {
    let slot = state.withLock { state -> Slot? in
      guard let slot = state.slots[call] else { return nil }
      if case .live(let live) = slot, live.isAnswered { return nil }
      state.slots[call] = nil
      return slot
    }
    if case .live(let live) = slot { live.close() }
    afterRemoval()
  }

  /// The conversation is over.
  func remove(_ call: CallID) {
    state.withLock { $0.slots[call] = nil }
    afterRemoval()
  }

  /// Calls that wait to be answered.
  var unanswered: [CallID] {
    state.withLock { state in
      state.slots.compactMap { call, slot in
        switch slot {
        case .reserved: nil
        case .live(let live): live.isAnswered ? nil : call
        }
      }
    }
  }

  var count: Int { state.withLock { $0.slots.count } }

  /// Runs until cancelled: calls are not this service's to start.
  func run() async throws {
    await Signal().wait()
  }

  /// Takes no more calls, and returns when those that are held have ended.
  func drain() async {
    state.withLock { $0.isDraining = true }
    await idle.wait { count == 0 }
  }

  private func afterRemoval() {
    countSessions()
    if count == 0 { idle.open() }
  }

  private func countSessions() {
    control.metrics.liveSessions.set(count)
  }
}
