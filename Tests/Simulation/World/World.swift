import Core
import RPC
import Synchronization

@testable import EventLog
@testable import MediaBridge
@testable import Postgres

/// How one run goes.
struct SimulationSettings: Sendable {
  var seed: UInt64
  /// Leads of all campaigns together.
  var leads = 150
  var rates = FaultRates()
  /// Calls at once of every campaign; nil: each has its own.
  var concurrency: Int?
  /// How much longer workers wait between looks: a crowded world has something to do at each of them all the same.
  var pace = 1.0
  /// A run in which campaigns are not over by then has lost something.
  var longest = Duration.days(60)
}

/// All services in one process, driven one step at a time: nothing happens but what the agenda says, in business time.
final class World: Sendable {
  let settings: SimulationSettings
  let database: SimulationDatabase
  let agenda = Agenda()
  let clock: ManualClock
  let draws: Draws
  let faults: Faults
  let witness = Witness()
  let carrier: Carrier
  let startsAt: Instant

  struct State {
    var slots: [Slot] = []
    var pollers: [Service: [Poller]] = [:]
    /// Services that have committed something since the last step.
    var dirty: Set<Service> = []
    /// How often each log's bell had rung by then.
    var rings: [Service: UInt64] = [:]
    /// Until then every service stands still.
    var frozenUntil = Instant.distantPast
    /// Until then no process of the bridge starts.
    var bridgeClosedUntil = Instant.distantPast
    /// The last that happens; set once everything is over.
    var endsAt: Instant?
    var databaseTime = Instant.distantPast
    var nextID: UInt64 = 0
    var current: Host?
    var look: Poller?
    /// Campaigns with which operators have done all they planned.
    var people: Operator?
    var washers: [Poller] = []
    var plansThrough = 0
    var plans = 0
    /// Numbers that campaigns have taken, by the word of the service.
    var given: [CampaignID: Set<String>] = [:]
    var rateCaps: [RateCap] = []
    var poolNumbers: [PoolNumber] = []
    /// Steps taken, by what they were.
    var steps: [String: Int] = [:]
  }

  /// A place where a process of a service runs, one after another.
  struct Slot: Sendable {
    var service: Service
    var index: Int
    var generation = 0
    var process: Process?
    var isRestarting = false
  }

  enum Process: Sendable {
    case executor(Executor)
    case dialer(Dialer)
    case bridge(Bridge)
    case tracker(Tracker)
  }

  let state = Mutex(State())
  /// Logs are read with their owners' roles, as if some process of theirs served them.
  let feeds: [Service: PostgresPool]
  /// One for all processes of a service: its bell tells that there may be something to read.
  let logs = Dictionary(uniqueKeysWithValues: Service.allCases.map { ($0, EventLog(schema: $0.rawValue)) })
  private let network = Mutex<RPCClient?>(nil)

  /// Monday, 2 March 2026, 8:00 in New York.
  private static let monday = Instant(microsecondsSince1970: 1_772_456_400_000_000)

  init(_ settings: SimulationSettings, on database: SimulationDatabase) throws {
    self.settings = settings
    self.database = database
    feeds = Dictionary(uniqueKeysWithValues: Service.allCases.map { ($0, database.pool($0, "feed")) })
    draws = Draws(seed: settings.seed)
    startsAt = Self.monday + draws.seconds(0...7 * 86_400)
    clock = ManualClock(startsAt)
    faults = Faults(settings.rates, draws: draws)
    carrier = Carrier(agenda: agenda, clock: clock, draws: draws, faults: faults, witness: witness)
    var options = RPCClientOptions()
    options.reconnectMinimum = .seconds(3_600)
    options.reconnectMaximum = .seconds(3_600)
    options.interceptors = [
      Network(
        agenda: agenda, clock: clock, draws: draws, faults: faults, carrier: carrier,
        caller: { [weak self] in self?.current }, bridge: { [weak self] in self?.bridge })
    ]
    // The network answers every call; nothing is ever found at the address.
    let client = try RPCClient(endpoints: ["ipc:///dev/null/simulation"], options: options)
    network.withLock { $0 = client }
    carrier.callsBack { [weak self] in await self?.take($0) }
  }

  /// For the clients of all processes: who calls is known by the running task.
  var client: RPCClient {
    network.withLock { client in
      guard let client else { preconditionFailure("the world is over") }
      return client
    }
  }

  var steps: [String: Int] { state.withLock { $0.steps } }

  func log(of service: Service) -> EventLog { logs[service] ?? EventLog(schema: service.rawValue) }

  func newID() -> UniqueID {
    let number = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return UniqueID.derived(from: "id", String(settings.seed), String(number))
  }

  // MARK: Running

  func run() async throws {
    try await database.setTime(clock.now())
    for service in Service.allCases {
      for index in 0..<2 { state.withLock { $0.slots.append(Slot(service: service, index: index)) } }
    }
    for slot in 0..<2 * Service.allCases.count { try start(slot) }
    try await openCursors()
    makePollers()
    let deadline = startsAt + settings.longest
    while let entry = agenda.next() {
      if let endsAt = state.withLock({ $0.endsAt }), entry.at > endsAt { break }
      guard entry.at < deadline else {
        witness.blame("not over by \(deadline): seed \(settings.seed)")
        break
      }
      try await step(entry)
    }
  }

  private func step(_ entry: Agenda.Entry) async throws {
    let frozenUntil = state.withLock { $0.frozenUntil }
    if entry.at < frozenUntil, !Self.carriers.contains(entry.label) {
      // A callback finds nobody who answers; all else waits.
      if !entry.label.hasPrefix("callback") { agenda.add(frozenUntil, entry.label, entry.body) }
      return
    }
    clock.advance(to: entry.at)
    state.withLock { $0.steps[entry.label, default: 0] += 1 }
    if !Self.timeless.contains(entry.label) { try await tellTime() }
    await entry.body()
    await buryAndWake()
  }

  func end(at instant: Instant) { state.withLock { $0.endsAt = instant } }

  /// Everything but the carrier stands still.
  func freeze(for duration: Duration) { state.withLock { $0.frozenUntil = clock.now() + duration } }

  /// Every process of the bridge dies, and none starts for some time.
  func closeBridge(for duration: Duration) {
    state.withLock { $0.bridgeClosedUntil = clock.now() + duration }
    for process in processes(.bridge) { process.host.crash() }
  }

  func restartDatabase() async throws {
    // Connections at rest are closed first, since what a statement meets on one that the restart ended is a race.
    let later = ContinuousClock.now + .seconds(86_400)
    let hosts = Service.allCases.flatMap(processes).map(\.host)
    for pool in hosts.map(\.pool) + Array(feeds.values) + [database.admin] { pool.tick(later) }
    try await database.lane.server.restart()
    for host in hosts { host.life.breakConnections(draws.integer(0...4)) }
    state.withLock { $0.databaseTime = .distantPast }
    try await tellTime()
  }

  func close() async {
    for slot in state.withLock({ $0.slots }) { await bury(slot.process) }
    for feed in feeds.values { feed.close() }
    let client = network.withLock { client in
      defer { client = nil }
      return client
    }
    await client?.close()
  }

  /// Runs what a process does.
  func run<R: Sendable>(on host: Host, _ body: @Sendable () async throws -> R) async rethrows -> R {
    let before = state.withLock { state in
      defer { state.current = host }
      return state.current
    }
    defer { state.withLock { $0.current = before } }
    return try await body()
  }

  /// A service has told something.
  func told(_ service: Service) { state.withLock { _ = $0.dirty.insert(service) } }

  /// Whose code is running: one step is taken at a time, and what a step starts is waited for.
  var current: Host? { state.withLock { $0.current } }

  /// A process commits, or has.
  private func commits(
    _ moment: PostgresConfiguration.CommitMoment, _ statement: String, of service: Service, _ life: Life
  ) throws {
    if moment == .after, Self.waking.contains(statement) { told(service) }
    do {
      try faults.strike(moment, statement, life)
    } catch {
      // Whatever it told of, the process does not know it, and its log's bell is silent.
      if moment == .after { told(service) }
      throw error
    }
  }

  /// Transactions after which their own service has something to do, whether they tell of anything or not.
  private static let waking: Set = ["WithdrawAttempt", "consume events", "ApplyReport", "DecideOutcome", "Sweep"]

  // MARK: Processes

  private func start(_ index: Int) throws {
    let slot = state.withLock { state in
      state.slots[index].generation += 1
      state.slots[index].isRestarting = false
      return state.slots[index]
    }
    let name = "\(slot.service)-\(slot.index)-\(slot.generation)"
    let skew = draws.seconds(0...1) - .milliseconds(500)
    let life = Life()
    let pool = database.pool(slot.service, name) { [weak self] moment, statement in
      guard let self else { throw Crashed() }
      try commits(moment, statement, of: slot.service, life)
    }
    let host = Host(
      name: name, service: slot.service, pool: pool, clock: SkewedClock(time: clock, skew: skew), life: life)
    let process: Process =
      switch slot.service {
      case .executor: .executor(try Executor(host, world: self))
      case .dialer: .dialer(try Dialer(host, world: self))
      case .bridge: .bridge(try Bridge(host, world: self))
      case .tracker: .tracker(try Tracker(host, world: self))
      }
    state.withLock { $0.slots[index].process = process }
  }

  /// Clears away who died in the last step, and tells who has something to do.
  private func buryAndWake() async {
    let (dead, woken) = state.withLock { state in
      let dead = state.slots.indices.filter { index in
        !state.slots[index].isRestarting && state.slots[index].process?.host.isAlive == false
      }
      let bodies = dead.map { (index: $0, process: state.slots[$0].process) }
      for index in dead {
        state.slots[index].process = nil
        state.slots[index].isRestarting = true
      }
      for (service, log) in logs where log.bell.rings != state.rings.updateValue(log.bell.rings, forKey: service) {
        state.dirty.insert(service)
      }
      let woken = state.dirty.sorted().flatMap { state.pollers[$0] ?? [] }
      state.dirty.removeAll()
      return (bodies, woken)
    }
    for (index, process) in dead {
      await bury(process)
      let pause = draws.chance(0.1) ? draws.seconds(20...200) : draws.seconds(0.5...10)
      let mayStart = if case .bridge? = process { state.withLock { $0.bridgeClosedUntil } } else { Instant.distantPast }
      agenda.add(max(clock.now(), mayStart) + pause, "start") { [self] in
        do { try start(index) } catch { witness.blame("a process did not start: \(error)") }
      }
    }
    for poller in woken { poller.wake(in: draws.seconds(poller.soon), agenda, clock, draws) }
  }

  private func bury(_ process: Process?) async {
    guard let process else { return }
    process.host.crash()
    switch process {
    case .bridge(let bridge): await bridge.end()
    case .dialer(let dialer): await dialer.end()
    case .executor, .tracker: break
    }
    do { try await database.cut(process.host.name) } catch { witness.blame("connections were not closed: \(error)") }
  }

  func processes(_ service: Service) -> [Process] {
    state.withLock { state in
      state.slots.filter { $0.service == service }.compactMap(\.process).filter { $0.host.isAlive }
    }
  }

  func process(_ slot: Int) -> Process? {
    state.withLock { $0.slots[slot].process }.flatMap { $0.host.isAlive ? $0 : nil }
  }

  private var bridge: Bridge? {
    guard case .bridge(let bridge)? = draws.pick(processes(.bridge)) else { return nil }
    return bridge
  }

  var executor: Executor? {
    guard case .executor(let executor)? = draws.pick(processes(.executor)) else { return nil }
    return executor
  }

  var dialer: Dialer? {
    guard case .dialer(let dialer)? = draws.pick(processes(.dialer)) else { return nil }
    return dialer
  }

  private func take(_ callback: Carrier.Callback) async {
    if callback.parameters.isEmpty {
      // The end of a stream goes to the process that holds it, or to nobody.
      let holder = carrier.call(callback.id)?.streamHost
      for case .bridge(let bridge) in processes(.bridge) where bridge.host.name == holder {
        await bridge.closeSession(callback.call)
      }
      return
    }
    let isTaken = await bridge?.take(callback) ?? false
    // A call without instructions ends.
    if !isTaken, callback.kind == .voice { _ = carrier.hangUp(callback.id) }
  }

  // MARK: Operators

  var people: Operator? { state.withLock { $0.people } }

  func operatorIsThrough() { state.withLock { $0.plansThrough += 1 } }

  var isOperatorThrough: Bool { state.withLock { $0.plansThrough == $0.plans } }

  var isEnding: Bool { state.withLock { $0.endsAt != nil } }

  /// A campaign has taken these numbers.
  func gave(_ phones: [String], to campaign: CampaignID?) {
    guard let campaign else { return }
    state.withLock { $0.given[campaign, default: []].formUnion(phones) }
  }

  func capped(_ cap: RateCap) {
    state.withLock { state in
      if !state.rateCaps.contains(cap) { state.rateCaps.append(cap) }
    }
  }

  func added(_ number: PoolNumber) {
    state.withLock { state in
      if !state.poolNumbers.contains(where: { $0.number == number.number }) { state.poolNumbers.append(number) }
    }
  }

  /// Somebody says that a number is warm.
  func isWarm(_ number: String) {
    state.withLock { state in
      for index in state.poolNumbers.indices where state.poolNumbers[index].number == number {
        state.poolNumbers[index].warmingSince = nil
      }
    }
  }

  var poolNumbers: [PoolNumber] { state.withLock { $0.poolNumbers } }

  var rateCaps: [RateCap] { state.withLock { $0.rateCaps } }

  var given: [CampaignID: Set<String>] { state.withLock { $0.given } }
}

extension World.Process {
  var host: Host {
    switch self {
    case .executor(let process): process.host
    case .dialer(let process): process.host
    case .bridge(let process): process.host
    case .tracker(let process): process.host
    }
  }

  var consumers: [SteppedConsumer] {
    switch self {
    case .executor(let process): process.consumers
    case .dialer(let process): process.consumers
    case .bridge: []
    case .tracker(let process): process.consumers
    }
  }
}
