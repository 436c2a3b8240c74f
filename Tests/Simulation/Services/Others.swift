import Core
import EventLog
import Logging
import Metrics
import RingmasterServices

@testable import CampaignExecutor
@testable import OutcomeTracker

/// One process of campaign-executor.
final class Executor: Sendable {
  let host: Host
  let world: World
  let consumers: [SteppedConsumer]
  let rpc: CampaignRPC

  init(_ host: Host, world: World) throws {
    self.host = host
    self.world = world
    var store = try CampaignStore(pool: host.pool, events: world.log(of: host.service))
    store.newID = { world.newID() }
    rpc = CampaignRPC(store: store, clock: host.clock)
    let facts = ExecutorFacts(store: store, clock: host.clock, logger: .discarding)
    consumers = [
      world.consumer("executor", of: .dialer, host, facts.takeAttempts),
      world.consumer("executor", of: .tracker, host, facts.takeOutcomes),
    ]
  }
}

/// One process of outcome-tracker.
final class Tracker: Sendable {
  let host: Host
  let world: World
  let consumers: [SteppedConsumer]
  private let store: OutcomeStore
  private let worker: OutcomeWorker

  init(_ host: Host, world: World) throws {
    self.host = host
    self.world = world
    store = try OutcomeStore(pool: host.pool, events: world.log(of: host.service))
    worker = OutcomeWorker(
      store: store, scorer: ScorerServiceClient(world.client), rates: .standard, clock: host.clock,
      logger: .discarding, metrics: MetricsRegistry())
    consumers = [world.consumer("tracker", of: .bridge, host, TrackerFacts(store: store, logger: .discarding).take)]
  }

  func decide() async -> Bool {
    await world.run(on: host) {
      let calls = try? await self.store.claimUndecided(most: 64, seconds: 30)
      for call in (calls ?? []).sorted(by: { $0.call < $1.call }) { await self.worker.decide(call) }
      return !(calls ?? []).isEmpty
    }
  }
}
