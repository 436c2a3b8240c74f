import Lifecycle
import Logging
import Synchronization

/// Looks at attempts whose time for news is over: those that may have left, and those that have been quiet for long.
final class AttemptResolver: LifecycleService {
  let name = "attempt-resolver"
  private let store: DialStore
  private let placer: Placer
  private let logger: Logger
  private let draining = Mutex(false)

  private static let batch = 50
  private static let pause = Duration.seconds(1)
  /// How long the attempts that were taken are left to this instance.
  private static let leaseSeconds = 30.0

  init(store: DialStore, placer: Placer, logger: Logger) {
    self.store = store
    self.placer = placer
    self.logger = logger
  }

  func run() async throws {
    while !Task.isCancelled && !draining.withLock({ $0 }) {
      do {
        let attempts = try await store.claimUnsettled(most: Self.batch, seconds: Self.leaseSeconds)
        await withDiscardingTaskGroup { group in
          for attempt in attempts { group.addTask { [placer] in await placer.settle(attempt) } }
        }
        if attempts.count == Self.batch { continue }
      } catch {
        logger.warning("unsettled attempts could not be read; trying again", [.error(error)])
      }
      guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
    }
  }

  func drain() async { draining.withLock { $0 = true } }
}
