import Core
import Lifecycle
import Logging
import Synchronization

/// Moves leads to the steps of their sequences when these are due.
final class SequenceWorker: LifecycleService {
  let name = "sequence-worker"
  private let store: CampaignStore
  private let clock: any BusinessClock
  private let logger: Logger
  private let draining = Mutex(false)

  /// Real time between looks.
  private static let pause = Duration.milliseconds(500)
  private static let failurePause = Duration.seconds(2)

  init(store: CampaignStore, clock: any BusinessClock, logger: Logger) {
    self.store = store
    self.clock = clock
    self.logger = logger
  }

  func run() async throws {
    while !Task.isCancelled && !draining.withLock({ $0 }) {
      var pause = Self.pause
      do {
        if try await moveDue() > 0 { continue }
      } catch is CancellationError {
        return
      } catch {
        logger.warning("due steps could not be moved; trying again", [.error(error)])
        pause = Self.failurePause
      }
      guard (try? await Task.sleep(for: pause)) != nil else { return }
    }
  }

  func drain() async { draining.withLock { $0 = true } }

  /// One batch of each campaign. Answers how many leads moved.
  func moveDue() async throws -> Int {
    let now = clock.now()
    var moved = 0
    for campaign in try await store.campaignsWithDueSteps(now: now) {
      moved += try await store.moveDueSteps(of: campaign, now: now)
    }
    return moved
  }
}
