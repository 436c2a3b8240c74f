/// Callers who wait for a connection, first come first served.
struct WaiterQueue {
  /// What a waiter is given.
  enum Ticket {
    case connection(PostgresConnection)
    /// The right to open one.
    case place
  }

  typealias Continuation = CheckedContinuation<Ticket, any Error>

  private struct Waiter {
    let id: UInt64
    let deadline: ContinuousClock.Instant
    let continuation: Continuation
  }

  private var waiters: [Waiter] = []
  private var nextID: UInt64 = 1

  var count: Int { waiters.count }

  mutating func makeID() -> UInt64 {
    defer { nextID += 1 }
    return nextID
  }

  mutating func append(_ id: UInt64, deadline: ContinuousClock.Instant, _ continuation: Continuation) {
    waiters.append(Waiter(id: id, deadline: deadline, continuation: continuation))
  }

  mutating func popFirst() -> Continuation? {
    waiters.isEmpty ? nil : waiters.removeFirst().continuation
  }

  mutating func remove(_ id: UInt64) -> Continuation? {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
    return waiters.remove(at: index).continuation
  }

  mutating func removeAll() -> [Continuation] {
    defer { waiters = [] }
    return waiters.map(\.continuation)
  }

  mutating func removeExpired(_ now: ContinuousClock.Instant) -> [Continuation] {
    defer { waiters.removeAll { $0.deadline < now } }
    return waiters.filter { $0.deadline < now }.map(\.continuation)
  }
}
