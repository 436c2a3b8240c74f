import Core
import EventLog
import Lifecycle
import Logging
import Metrics
import RingmasterServices
import Synchronization

@testable import AutoDialer

/// One process of auto-dialer: its claims, placements, looks, questions and consumers, a step at a time.
final class Dialer: Sendable {
  let host: Host
  let world: World
  let consumers: [SteppedConsumer]
  let store: DialStore
  let insight: InsightRPC
  let doNotCall: DoNotCallRPC
  let limits: LimitRPC
  let callerIDs: CallerIDRPC
  let scheduling: SchedulingRPC
  private let placer: Placer
  private let placed: PlacedCalls
  private let looks: LastLooks
  /// What the process does beside its steps, when a step asks it to.
  private let tasks = TaskPool(name: "dialer")

  private struct Memory {
    /// Where the last claims ended.
    var places: [CampaignID: ClaimPlaces] = [:]
    var shares = ClaimShares()
    var turn = 0
  }

  private let memory = Mutex(Memory())

  init(_ host: Host, world: World) throws {
    self.host = host
    self.world = world
    let metrics = MetricsRegistry()
    var store = try DialStore(
      pool: host.pool, events: world.log(of: host.service),
      gate: ClearanceGate(canWash: true, canSign: false), settings: .standard)
    store.newID = { world.newID() }
    store.sweepPage = 20
    self.store = store
    placed = PlacedCalls(store: store, logger: .discarding, count: metrics.counter("placed", ""))
    // As the product makes them, but without a pace in real time, which would hold up every call here.
    let looks = LastLooks(name: "last-looks", most: 500, pace: .zero) { [store] dials in
      try await store.lastLook(dials).map { .success($0) }
    }
    self.looks = looks
    placer = Placer(
      store: store, knowledge: KnowledgeServiceClient(world.client), media: MediaServiceClient(world.client),
      clock: host.clock, logger: .discarding, placed: placed, looks: looks)
    let facts = DialerFacts(
      store: store, clock: host.clock, quietSeconds: placer.quietSeconds, logger: .discarding)
    consumers = [
      world.consumer("dialer", of: .executor, host, facts.takeCampaigns),
      world.consumer("dialer", of: .bridge, host, facts.takeCalls),
      world.consumer("dialer", of: .tracker, host, facts.takeOutcomes),
    ]
    insight = InsightRPC(store: store, clock: host.clock)
    doNotCall = DoNotCallRPC(store: store, clock: host.clock)
    limits = LimitRPC(store: store, clock: host.clock)
    callerIDs = CallerIDRPC(store: store, numbers: NumberServiceClient(world.client), clock: host.clock)
    let wishes = ScheduledCalls(store: store, clock: host.clock)
    scheduling = SchedulingRPC(store: store, calls: wishes, clock: host.clock)
    tasks.spawn { _ = try? await looks.run() }
    tasks.spawn { _ = try? await wishes.run() }
  }

  func end() async {
    tasks.cancelAll()
    await tasks.drain()
  }

  // MARK: Claims

  /// One turn for every campaign that has something due. True when something was claimed.
  func claim() async -> Bool {
    await world.run(on: host) {
      do {
        let active = try await self.store.activeCampaigns().campaigns.sorted {
          $0.rules.campaign < $1.rules.campaign
        }
        let due = try await self.store.dueCampaigns(active, now: self.host.clock.now())
        let campaigns = active.filter { due.contains($0.rules.campaign) }
        guard !campaigns.isEmpty else { return false }
        let headroom = try await self.store.headroom(for: campaigns, now: self.host.clock.now())
        let shares = self.share(campaigns, within: headroom)
        let start = self.nextTurn() % campaigns.count
        var isBusy = false
        for campaign in campaigns[start...] + campaigns[..<start] {
          let share = shares[campaign.rules.campaign] ?? 0
          if share > 0, let claim = try await self.claim(campaign, most: share), claim.taken > 0 { isBusy = true }
        }
        return isBusy
      } catch {
        return true
      }
    }
  }

  private static let batch = 100

  private func share(
    _ campaigns: [DialStore.KnownCampaign], within headroom: ClaimShares.Headroom
  ) -> [CampaignID: Int] {
    memory.withLock { memory in
      memory.shares.round(
        campaigns.map {
          .init(
            campaign: $0.rules.campaign, tenant: $0.rules.tenant, provider: $0.rules.provider, wanted: Self.batch)
        }, within: headroom)
    }
  }

  private func nextTurn() -> Int {
    memory.withLock { memory in
      memory.turn += 1
      if memory.turn % 3 == 0 { memory.places.removeAll() }
      return memory.turn
    }
  }

  private func claim(_ campaign: DialStore.KnownCampaign, most: Int) async throws -> DialStore.Claim? {
    try await claim(campaign, most: most, from: memory.withLock { $0.places[campaign.rules.campaign] } ?? ClaimPlaces())
  }

  /// Claims what one campaign has due, and has it placed a moment later.
  func claim(
    _ campaign: DialStore.KnownCampaign, most: Int, from places: ClaimPlaces
  ) async throws -> DialStore.Claim? {
    let id = campaign.rules.campaign
    let claim = try await store.claim(
      campaign.rules, now: host.clock.now(), most: most, places: places,
      slotSeconds: placer.slotSeconds(campaign.policy.callDuration))
    memory.withLock { $0.places[id] = claim.places }
    for attempt in claim.attempts {
      world.witness.permitted(attempt.entry.lead, of: id, at: world.clock.now())
      let isSlow = world.faults.happens(\.slowPlacement, "placement waits")
      let delay = world.draws.seconds(isSlow ? 1...400 : 0.001...0.5)
      world.agenda.add(world.clock.now() + delay, "place") { await self.place(attempt, of: campaign) }
    }
    switch claim.limit {
    case .callsPerMinute?, .providerCallsPerMinute?:
      world.wakeDialers(at: world.clock.now().startOfMinute + .minutes(1))
    default: break
    }
    if claim.taken > 0 { world.told(.dialer) }
    if claim.taken > claim.attempts.count { world.wakeWashers() }
    return claim
  }

  private func place(_ attempt: DialStore.ClaimedAttempt, of campaign: DialStore.KnownCampaign) async {
    guard host.isAlive else { return }
    await world.run(on: host) { await self.placer.place(attempt, of: campaign) }
    writeSoon()
  }

  /// Placed calls wait in memory for a moment, so that one statement writes many.
  private func writeSoon() {
    world.agenda.add(world.clock.now() + world.draws.seconds(0.01...0.2), "write placed") { [self] in
      guard host.isAlive else { return }
      await world.run(on: host) { try? await self.placed.writeWaiting() }
    }
  }

  // MARK: Looks

  /// Looks at attempts whose time for news is over.
  func resolve() async -> Bool {
    let found = await world.run(on: host) {
      try? await self.store.freeLapsedSlots()
      let attempts = try? await self.store.claimUnsettled(most: 50, seconds: 30)
      for attempt in (attempts ?? []).sorted(by: { $0.call < $1.call }) { await self.placer.settle(attempt) }
      return !(attempts ?? []).isEmpty
    }
    if found { writeSoon() }
    return found
  }

  /// Misses calls that were asked for and whose time is over.
  func expire() async -> Bool {
    await world.run(on: host) {
      (try? await self.store.expireScheduledCalls(most: 100, now: self.host.clock.now())) ?? 1 > 0
    }
  }

  /// Goes on with the leads of campaigns that changed.
  func sweep() async -> Bool {
    await world.run(on: host) { (try? await self.store.sweep(now: self.host.clock.now())) ?? true }
  }

  /// Asks the register what is to be asked.
  func wash() async -> Bool {
    await world.run(on: host) {
      let now = self.host.clock.now()
      let questions = try? await self.store.takeQuestions(.wash, most: 1_000, seconds: 60, now: now)
      guard let questions, !questions.isEmpty else { return false }
      let isDeaf = self.world.faults.happens(\.lostAnswer, "register away")
      var chance = SeededGenerator(seed: self.world.draws.next())
      let answers = questions.sorted { ($0.tenant, $0.number) < ($1.tenant, $1.number) }.map { question in
        let clearance =
          isDeaf
          ? Clearance.failed("away", tries: question.tries, at: now, using: &chance)
          : Clearance(
            verdict: Register.lists(question.number) ? .refused : .clear, reason: "", checkedAt: now,
            expiresAt: now + Clearance.washLife)
        return (question, clearance)
      }
      if !isDeaf { self.world.witness.washed(questions.map(\.number), at: now) }
      return (try? await self.store.answer(answers, kind: .wash, now: now)) == nil
    }
  }
}

/// The public register of numbers that must not be called without consent.
enum Register {
  static func lists(_ number: String) -> Bool {
    UniqueID.derived(from: "register", number).low % 10 == 0
  }
}
