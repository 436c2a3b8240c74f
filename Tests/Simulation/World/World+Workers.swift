import Core
import EventLog
import Synchronization

/// Who looks for work, and when.
extension World {
  func consumer(
    _ name: String, of source: Service, _ host: Host, _ handler: @escaping EventConsumer.Handler
  ) -> SteppedConsumer {
    let log = log(of: source)
    return SteppedConsumer(
      name, of: source,
      from: SimulatedSource(
        log: log, reader: EventLogReader(pool: feeds[source] ?? host.pool, log: log), faults: faults,
        tellTime: tellTime),
      host: host, handler: handler)
  }

  func openCursors() async throws {
    for service in Service.allCases {
      for consumer in processes(service).first?.consumers ?? [] { try await consumer.open() }
    }
  }

  func makePollers() {
    for (index, slot) in state.withLock({ $0.slots }).enumerated() {
      switch slot.service {
      case .executor: break
      case .dialer:
        poll(.dialer, "claim", 1...4, index) { if case .dialer(let it) = $0 { await it.claim() } else { false } }
        poll(.dialer, "resolve", 3...8, index) { if case .dialer(let it) = $0 { await it.resolve() } else { false } }
        poll(.dialer, "sweep", 1...4, index) { if case .dialer(let it) = $0 { await it.sweep() } else { false } }
        poll(nil, "wash", 3...20, index) { if case .dialer(let it) = $0 { await it.wash() } else { false } }
        poll(nil, "expire", 60...900, index) { if case .dialer(let it) = $0 { await it.expire() } else { false } }
      case .bridge:
        poll(.bridge, "tend", 2...6, index) { if case .bridge(let it) = $0 { await it.tend() } else { false } }
        poll(.bridge, "watch", 2...5, index) { if case .bridge(let it) = $0 { await it.watch() } else { false } }
      case .tracker:
        poll(.tracker, "decide", 1...4, index) { if case .tracker(let it) = $0 { await it.decide() } else { false } }
      }
    }
    for service in Service.allCases {
      let consumers = processes(service).first?.consumers ?? []
      for (index, consumer) in consumers.enumerated() {
        consume(service, index, of: consumer.source)
      }
    }
    let look = Poller("operator", soon: paced(200...900), longest: .hours(2)) { [self] in await lookRound() }
    look.wake(in: .minutes(20), agenda, clock, draws)
    state.withLock { $0.look = look }
    let people = Operator(world: self)
    state.withLock { state in
      state.plans = people.count
      state.people = people
    }
    people.begin()
  }

  /// Something comes due then: who would sleep past it is woken.
  func wakeDialers(at instant: Instant) {
    let (pollers, look) = state.withLock { ($0.pollers[.dialer] ?? [], $0.look) }
    for poller in pollers where poller.label.hasPrefix("claim") {
      poller.wake(in: max(.zero, clock.now().duration(to: instant)) + draws.seconds(poller.soon), agenda, clock, draws)
    }
    look?.wake(in: clock.now().duration(to: instant) + .seconds(600), agenda, clock, draws)
  }

  /// There are questions for the register.
  func wakeWashers() {
    for poller in state.withLock({ $0.washers }) { poller.wake(in: draws.seconds(poller.soon), agenda, clock, draws) }
  }

  private func poll(
    _ service: Service?, _ label: String, _ soon: ClosedRange<Double>, _ slot: Int,
    _ look: @escaping @Sendable (Process) async -> Bool
  ) {
    add(
      Poller("\(label) \(slot)", soon: paced(soon), longest: .hours(2)) { [self] in
        guard let process = process(slot) else { return true }
        return await look(process)
      }, wokenBy: service)
  }

  /// A share of a log is read by one process at a time, but not always by the same one: all of them by one, or each by
  /// another, until that changes. Whoever had them before may not know of it yet.
  private func consume(_ service: Service, _ index: Int, of source: Service) {
    let isShared = Mutex(false)
    add(
      Poller(Self.reading(service, source), soon: paced(0.5...4), longest: nil) { [self] in
        let processes = processes(service)
        guard let first = processes.first, let last = processes.last else { return true }
        if draws.chance(0.03) { isShared.withLock { $0.toggle() } }
        let process = draws.chance(0.03) ? draws.pick(processes) ?? first : first
        let all = Array(0..<SteppedConsumer.shares)
        let rest = isShared.withLock { $0 } ? all.dropFirst() : []
        let mine = Array(all.dropLast(rest.count))
        var hasMore = await run(on: process.host) { await process.consumers[index].turn(mine) }
        for share in rest {
          let isMore = await run(on: last.host) { await last.consumers[index].turn([share]) }
          hasMore = hasMore || isMore
        }
        return hasMore
      }, wokenBy: source)
  }

  private func paced(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
    range.lowerBound * settings.pace...range.upperBound * settings.pace
  }

  private func add(_ poller: Poller, wokenBy service: Service?) {
    if let service { state.withLock { $0.pollers[service, default: []].append(poller) } }
    if poller.label.hasPrefix("wash") { state.withLock { $0.washers.append(poller) } }
    poller.wake(in: draws.seconds(poller.soon), agenda, clock, draws)
  }
}
