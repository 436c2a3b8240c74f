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
  private let logger: Logger
  private let claimed: Counter
  private let draining = Mutex(false)
  /// Closed when the last placement is through.
  private let ended = BoundedQueue<Never>(capacity: 1)

  /// Tasks of one claim: enough to make a transaction worth it, few enough that another campaign's turn comes soon.
  private static let batch = 100
  /// Real time between looks at the queue: after one that found something, and while nothing is due.
  private static let (busyPause, idlePause) = (Duration.milliseconds(5), Duration.milliseconds(20))
  private static let failurePause = Duration.seconds(1)

  init(
    store: DialStore, placer: Placer, clock: any BusinessClock, logger: Logger, metrics: MetricsRegistry
  ) {
    self.store = store
    self.placer = placer
    self.clock = clock
    self.logger = logger
    claimed = metrics.counter("dialer_attempts_total", "Attempts permitted.")
  }

  func run() async throws {
    defer { ended.close() }
    var rounds = ClaimRounds()
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled && !draining.withLock({ $0 }) {
        do {
          let most = try await round(&rounds, &group)
          if most < Self.batch { try await Task.sleep(for: most > 0 ? Self.busyPause : Self.idlePause) }
        } catch is CancellationError {
          break
        } catch {
          logger.warning("the queue could not be read; trying again", [.error(error)])
          guard (try? await Task.sleep(for: Self.failurePause)) != nil else { break }
        }
      }
    }
  }

  /// Nothing is claimed any more; what was claimed is still placed.
  func drain() async {
    draining.withLock { $0 = true }
    _ = try? await ended.next()
  }

  /// One turn for every campaign that has something due. Answers how much the longest claim took: with a whole
  /// batch there is more to claim at once.
  private func round(_ rounds: inout ClaimRounds, _ group: inout DiscardingTaskGroup) async throws -> Int {
    let active = try await store.activeCampaigns()
    for campaign in active.unreadable {
      logger.error("a campaign's policy cannot be read, it is not called", [LogField("campaign_id", campaign)])
    }
    rounds.begin(active.campaigns.map(\.rules.campaign))
    let unsure = active.campaigns.filter { !rounds.hasMore($0.rules.campaign) }
    let due = try await store.dueCampaigns(unsure, now: clock.now())
    let turns = active.campaigns.filter { rounds.hasMore($0.rules.campaign) || due.contains($0.rules.campaign) }
    let headroom = try await store.headroom(for: turns, now: clock.now())
    let shares = rounds.share(turns, most: Self.batch, within: headroom)
    var most = 0
    for campaign in rounds.rotated(turns) {
      let id = campaign.rules.campaign
      guard let share = shares[id], share > 0 else { continue }
      let claim = try await store.claim(
        campaign.rules, now: clock.now(), most: share, places: rounds.places(of: id),
        slotSeconds: placer.slotSeconds(campaign.policy.callDuration))
      rounds.note(id, claim, hasMore: claim.taken == share)
      claimed.increment(by: Double(claim.attempts.count))
      for attempt in claim.attempts {
        group.addTask { [placer] in await placer.place(attempt, of: campaign) }
      }
      most = max(most, claim.taken)
    }
    return most
  }
}

/// What a worker remembers from round to round: where each campaign's last claim ended, and whose turn is first.
struct ClaimRounds {
  private struct Memory {
    var places = ClaimPlaces()
    var hasMore = false
    /// What its own limits left it when they did; nil: as much as it likes.
    var used: Int?
  }

  private var memories: [CampaignID: Memory] = [:]
  private var turn = 0
  private var shares = ClaimShares()
  private var forgotAt = ContinuousClock.now
  /// What was put in behind the place of the last claim is found after this long at the latest.
  private static let memory = Duration.seconds(3)

  /// A new round, over the campaigns that are active now.
  mutating func begin(_ active: [CampaignID]) {
    turn += 1
    if forgotAt.duration(to: .now) >= Self.memory {
      forgotAt = .now
      memories.removeAll()
    } else if memories.count > active.count {
      let active = Set(active)
      memories = memories.filter { active.contains($0.key) }
    }
  }

  func places(of campaign: CampaignID) -> ClaimPlaces { memories[campaign]?.places ?? ClaimPlaces() }

  /// Whether the last claim left more that was due.
  func hasMore(_ campaign: CampaignID) -> Bool { memories[campaign]?.hasMore ?? false }

  mutating func note(_ campaign: CampaignID, _ claim: DialStore.Claim, hasMore: Bool) {
    memories[campaign] = Memory(
      places: claim.places, hasMore: hasMore, used: claim.limit != nil && !hasMore ? claim.taken : nil)
  }

  /// What each campaign may claim of what tenants and providers leave. One that its own limits held back in the last
  /// round asks for little more than it could use then.
  mutating func share(
    _ campaigns: [DialStore.KnownCampaign], most: Int, within headroom: ClaimShares.Headroom
  ) -> [CampaignID: Int] {
    shares.round(
      campaigns.map { campaign in
        let rules = campaign.rules
        return ClaimShares.Demand(
          campaign: rules.campaign, tenant: rules.tenant, provider: rules.provider,
          wanted: min(most, (memories[rules.campaign]?.used ?? most) + 1))
      }, within: headroom)
  }

  /// Everybody once, another one first in each round.
  func rotated<Element>(_ elements: [Element]) -> [Element] {
    guard !elements.isEmpty else { return [] }
    let start = turn % elements.count
    return Array(elements[start...] + elements[..<start])
  }
}
