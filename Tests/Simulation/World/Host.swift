import Core
import Postgres
import Synchronization

/// The services that run in a simulation; the raw values are their schemas.
enum Service: String, CaseIterable, Comparable, Sendable {
  case executor = "campaign"
  case dialer
  case bridge = "media"
  case tracker = "outcome"

  static func < (left: Service, right: Service) -> Bool { left.rawValue < right.rawValue }
}

/// Whether a process lives, and what is left of its connections to the database.
final class Life: Sendable {
  private struct State {
    var isOver = false
    var broken = 0
  }

  private let state = Mutex(State())

  var isOver: Bool { state.withLock { $0.isOver } }
  func end() { state.withLock { $0.isOver = true } }

  /// So many of its connections broke; it finds out one by one, as it uses them.
  func breakConnections(_ count: Int) { state.withLock { $0.broken = count } }

  /// Whether the connection that is used now is one that broke.
  func findsBroken() -> Bool {
    state.withLock { state in
      guard state.broken > 0 else { return false }
      state.broken -= 1
      return true
    }
  }
}

/// One process of a service: what it holds in memory is lost when it crashes, and nothing that it still tries to do
/// reaches anybody.
final class Host: Sendable {
  let name: String
  let service: Service
  let pool: PostgresPool
  let clock: SkewedClock
  let life: Life

  init(name: String, service: Service, pool: PostgresPool, clock: SkewedClock, life: Life) {
    self.name = name
    self.service = service
    self.pool = pool
    self.clock = clock
    self.life = life
  }

  var isAlive: Bool { !life.isOver }

  func crash() {
    life.end()
    pool.close()
  }
}

/// What a process dies of in a simulation.
struct Crashed: Error {}

/// The clock of one machine, which is never quite right.
struct SkewedClock: BusinessClock {
  let time: ManualClock
  let skew: Duration

  func now() -> Instant { time.now() + skew }

  func sleep(until deadline: Instant) async throws { try await time.sleep(until: deadline - skew) }

  func realDuration(of business: Duration) -> Duration { business }
}
