import Core
import Lifecycle
import Logging
import Synchronization

/// Misses calls that were asked for and whose time is over, whatever kept them: a pause, a limit, a rule.
final class ScheduledCallExpiry: LifecycleService {
  let name = "scheduled-call-expiry"
  private let store: DialStore
  private let clock: any BusinessClock
  private let logger: Logger
  private let draining = Mutex(false)

  private static let batch = 100
  /// Real time between looks.
  private static let pause = Duration.seconds(1)

  init(store: DialStore, clock: any BusinessClock, logger: Logger) {
    self.store = store
    self.clock = clock
    self.logger = logger
  }

  func run() async throws {
    while !Task.isCancelled && !draining.withLock({ $0 }) {
      do {
        if try await store.expireScheduledCalls(most: Self.batch, now: clock.now()) == Self.batch { continue }
      } catch {
        logger.warning("scheduled calls could not be looked at; trying again", [.error(error)])
      }
      guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
    }
  }

  func drain() async { draining.withLock { $0 = true } }
}
