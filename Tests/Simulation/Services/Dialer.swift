import Core
import EventLog
import Logging
import Metrics
import RingmasterServices
import Synchronization

@testable import AutoDialer

/// One process of auto-dialer: its claims, placements, looks and consumers, a step at a time.
final class Dialer: Sendable {
  let host: Host
  let world: World
  let consumers: [SteppedConsumer]
  private let store: DialStore
  private let placer: Placer
  private let placed: PlacedCalls
  private let looks: LastLooks

  private struct Memory {
    /// Where the last claims ended.
    var places: [CampaignID: ClaimPlaces] = [:]
    var turn = 0
  }

  private let memory = Mutex(Memory())

  init(_ host: Host, world: World) throws {
    self.host = host
    self.world = world
    let metrics = MetricsRegistry()
    store = try DialStore(pool: host.pool, events: EventLog(schema: host.service.rawValue))
    placed = PlacedCalls(store: store, logger: .discarding, count: metrics.counter("placed", ""))
    looks = LastLooks(store: store)
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
  }

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
        let start = self.nextTurn() % campaigns.count
        var isBusy = false
        for campaign in campaigns[start...] + campaigns[..<start] {
          isBusy = try await self.claim(campaign) || isBusy
        }
        return isBusy
      } catch {
        return true
      }
    }
  }

  private func nextTurn() -> Int {
    memory.withLock { memory in
      memory.turn += 1
      if memory.turn % 3 == 0 { memory.places.removeAll() }
      return memory.turn
    }
  }

  private func claim(_ campaign: DialStore.KnownCampaign) async throws -> Bool {
    let id = campaign.rules.campaign
    let claim = try await store.claim(
      campaign.rules, now: host.clock.now(), most: 100, places: memory.withLock { $0.places[id] } ?? ClaimPlaces(),
      slotSeconds: placer.slotSeconds(campaign.policy.callDuration))
    memory.withLock { $0.places[id] = claim.places }
    for attempt in claim.attempts {
      let isSlow = world.faults.happens(\.slowPlacement, "placement waits")
      let delay = world.draws.seconds(isSlow ? 1...400 : 0.001...0.5)
      world.agenda.add(world.clock.now() + delay, "place") { await self.place(attempt, of: campaign) }
    }
    if claim.taken > 0 { world.told(.dialer) }
    return claim.taken > 0
  }

  private func place(_ attempt: DialStore.ClaimedAttempt, of campaign: DialStore.KnownCampaign) async {
    guard host.isAlive else { return }
    await world.run(on: host) { await self.looking { await self.placer.place(attempt, of: campaign) } }
    writeSoon()
  }

  /// Runs a step that looks at the do-not-call lists, with whoever looks.
  private func looking(_ step: @escaping @Sendable () async -> Void) async {
    await withTaskGroup { group in
      group.addTask { [looks] in _ = try? await looks.run() }
      await step()
      group.cancelAll()
    }
  }

  /// Placed calls wait in memory for a moment, so that one statement writes many.
  private func writeSoon() {
    world.agenda.add(world.clock.now() + world.draws.seconds(0.01...0.2), "write placed") { [self] in
      guard host.isAlive else { return }
      await world.run(on: host) { try? await self.placed.writeWaiting() }
    }
  }

  /// Looks at attempts whose time for news is over.
  func resolve() async -> Bool {
    let found = await world.run(on: host) {
      let attempts = try? await self.store.claimUnsettled(most: 50, seconds: 30)
      await self.looking {
        for attempt in (attempts ?? []).sorted(by: { $0.call < $1.call }) { await self.placer.settle(attempt) }
      }
      return !(attempts ?? []).isEmpty
    }
    if found { writeSoon() }
    return found
  }
}
