import Lifecycle
import Logging
import Synchronization

/// Looks at attempts whose time for news is over: those that may have left, and those that have been quiet for long. Frees
/// the slots of calls that nothing is heard of any more.
final class AttemptResolver: LifecycleService {
  let name = "attempt-resolver"
  private let store: DialStore
  private let placer: Placer
  private let logger: Logger
  private let draining = Mutex(false)

  private static let batch = 50
  private static let pause = Duration.seconds(1)
  /// Slots are held for minutes; looking for those that lapsed reads all calls that are under way.
  private static let slotPause = Duration.seconds(5)
  /// How long the attempts that were taken are left to this instance.
  private static let leaseSeconds = 30.0

  init(store: DialStore, placer: Placer, logger: Logger) {
    self.store = store
    self.placer = placer
    self.logger = logger
  }

  func run() async throws {
    await withDiscardingTaskGroup { group in
      // Apart from the rest: attempts wait for bridges that do not answer, and slots must not.
      group.addTask { [self] in
        await repeating(every: Self.slotPause, "slots that are held for too long could not be freed; trying again") {
          try await store.freeLapsedSlots()
          return false
        }
      }
      group.addTask { [self] in
        await repeating(every: Self.pause, "unsettled attempts could not be read; trying again") {
          let attempts = try await store.claimUnsettled(most: Self.batch, seconds: Self.leaseSeconds)
          await withDiscardingTaskGroup { group in
            for attempt in attempts { group.addTask { [placer] in await placer.settle(attempt) } }
          }
          return attempts.count == Self.batch
        }
      }
    }
  }

  /// - Parameter round: Says whether there is more to do at once.
  private func repeating(every pause: Duration, _ failure: String, _ round: () async throws -> Bool) async {
    while !Task.isCancelled && !draining.withLock({ $0 }) {
      do {
        if try await round() { continue }
      } catch {
        logger.warning(failure, [.error(error)])
      }
      guard (try? await Task.sleep(for: pause)) != nil else { return }
    }
  }

  func drain() async { draining.withLock { $0 = true } }
}
