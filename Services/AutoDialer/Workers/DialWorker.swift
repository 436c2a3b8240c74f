import Core
import Lifecycle
import Logging
import Metrics
import Synchronization

/// Claims due leads of all active campaigns and has them placed.
final class DialWorker: LifecycleService {
  let name = "dial-worker"
  private let store: DialStore
  private let placer: Placer
  private let clock: any BusinessClock
  private let owner: String
  private let logger: Logger
  private let claimed: Counter
  private let draining = Mutex(false)

  /// Tasks of one claim: enough to make a transaction worth it, few enough to be placed at once.
  private static let batch = 100
  /// Real time between looks at the queue while campaigns are active, and while none is.
  private static let pause = Duration.milliseconds(50)
  private static let idlePause = Duration.milliseconds(500)
  private static let failurePause = Duration.seconds(1)

  init(
    store: DialStore, placer: Placer, clock: any BusinessClock, owner: String, logger: Logger, metrics: MetricsRegistry
  ) {
    self.store = store
    self.placer = placer
    self.clock = clock
    self.owner = owner
    self.logger = logger
    claimed = metrics.counter("dialer_attempts_total", "Attempts permitted.")
  }

  func run() async throws {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled && !draining.withLock({ $0 }) {
        let pause = await round(&group)
        guard (try? await Task.sleep(for: pause)) != nil else { break }
      }
    }
  }

  /// Nothing is claimed any more; what was claimed is still placed.
  func drain() async { draining.withLock { $0 = true } }

  /// One look at every active campaign. Answers how long to wait before the next.
  private func round(_ group: inout DiscardingTaskGroup) async -> Duration {
    do {
      let active = try await store.activeCampaigns()
      for campaign in active.unreadable {
        logger.error("a campaign's policy cannot be read, it is not called", [LogField("campaign_id", campaign)])
      }
      var more = false
      for campaign in active.campaigns {
        let claim = try await store.claim(
          campaign.rules, now: clock.now(), most: Self.batch, owner: owner,
          leaseSeconds: placer.quietSeconds(campaign.policy.callDuration))
        claimed.increment(by: Double(claim.attempts.count))
        for attempt in claim.attempts {
          group.addTask { [placer] in await placer.place(attempt, of: campaign) }
        }
        more = more || claim.attempts.count + claim.settled >= Self.batch
      }
      if more { return .zero }
      return active.campaigns.isEmpty ? Self.idlePause : Self.pause
    } catch is CancellationError {
      return .zero
    } catch {
      logger.warning("the queue could not be read; trying again", [.error(error)])
      return Self.failurePause
    }
  }
}
