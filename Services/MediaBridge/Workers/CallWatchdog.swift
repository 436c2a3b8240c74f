import Core
import Lifecycle
import Logging
import Synchronization

/// Keeps every call moving: asks the provider about calls past their deadline, closes conversations whose instance died,
/// and says that this instance lives.
final class CallWatchdog: LifecycleService {
  let name = "call-watchdog"
  private let control: CallControl
  private let calls: LiveCalls
  private let streamURL: String
  private let logger: Logger
  private let isLeaving = Mutex(false)

  private static let batch = 100
  /// Real time.
  private static let pause = Duration.seconds(1)
  /// An instance that has not been heard of for so long is dead. It may lose the database for a while without that.
  private static let life = Duration.seconds(10)

  init(control: CallControl, calls: LiveCalls, streamURL: String, logger: Logger) {
    self.control = control
    self.calls = calls
    self.streamURL = streamURL
    self.logger = logger
  }

  func run() async throws {
    await withDiscardingTaskGroup { group in
      // Apart from the rest: a slow provider must not make this instance look dead.
      group.addTask { [self] in await repeating { try await stayAlive() } }
      group.addTask { [self] in await repeating { try await round() } }
    }
  }

  private func repeating(_ body: () async throws -> Void) async {
    while !Task.isCancelled {
      do {
        try await body()
      } catch {
        if !Task.isCancelled { logger.warning("calls could not be watched; trying again", [.error(error)]) }
      }
      guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
    }
  }

  func round() async throws {
    for call in try await control.store.abandonedSessions(most: Self.batch) {
      logger.warning("a conversation's instance died; what was said is kept", [LogField("call_id", call)])
      try await control.report(.sessionBroken, of: call)
    }
    let now = control.clock.now()
    let overdue = try await control.store.claimOverdue(
      now: now, next: control.deadlines.next(after: now), most: Self.batch)
    await withDiscardingTaskGroup { group in
      for call in overdue { group.addTask { [self] in await lookAfter(call) } }
    }
    // What ended elsewhere needs no agent here.
    for call in try await control.store.ended(among: calls.unanswered) { calls.release(call) }
    control.metrics.set(try await control.store.liveCallsByState())
  }

  /// Says that this instance lives. Streams of its calls come here from then on.
  func stayAlive() async throws {
    guard !isLeaving.withLock({ $0 }) else { return }
    try await control.store.stayAlive(streamURL: streamURL, for: Self.life)
  }

  /// The conversations of this instance have ended: others need not wait until it counts as dead.
  func drain() async {
    isLeaving.withLock { $0 = true }
    do {
      try await control.store.leave()
    } catch {
      logger.warning("the end of this instance could not be stored", [.error(error)])
    }
  }

  private func lookAfter(_ call: StoredCall) async {
    do {
      try await control.lookAfter(call)
    } catch {
      logger.warning(
        "an overdue call could not be looked up; trying again", [LogField("call_id", call.call), .error(error)])
    }
  }
}
