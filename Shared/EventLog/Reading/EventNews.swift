import Core
import Postgres
import Synchronization

/// Tells those who wait that there is something new.
///
/// All of a process's readers together look at the log five times a second while somebody waits, and at once when a
/// transaction of this process commits. NOTIFY is not used: its lock at commit makes writers queue up.
final class EventNews: Sendable {
  private struct State {
    var head = EventPlace.beginning
    var lookedAt: ContinuousClock.Instant?
    var isLooking = false
  }

  /// Between looks while nothing happens.
  private static let slow: Duration = .milliseconds(200)
  /// After a commit here, when the event cannot be read yet because an older transaction is still open.
  private static let quick: Duration = .milliseconds(5)

  private let pool: PostgresPool
  private let bell: EventBell
  private let query: NamedQuery
  private let state = Mutex(State())

  init(pool: PostgresPool, bell: EventBell, head: NamedQuery) {
    self.pool = pool
    self.bell = bell
    query = head
  }

  /// The last place known to be readable.
  var head: EventPlace { state.withLock { $0.head } }

  /// Returns when something beyond `place` can be read, or at `deadline`.
  ///
  /// - Parameter rings: How often the bell had rung before the caller looked.
  func wait(beyond place: EventPlace, rings: UInt64, deadline: ContinuousClock.Instant) async throws {
    var rings = rings
    var delay = EventNews.slow
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero, head <= place else { return }
      if bell.rings > rings {
        rings = bell.rings
        delay = EventNews.quick
      }
      if try await look(ifOlderThan: delay / 2) > place { return }
      await bell.wait(after: rings, limit: min(delay, left))
      try Task.checkCancellation()
      delay = min(delay * 2, EventNews.slow)
    }
  }

  /// The last place that can be read, as of the last look; looks again if that is long ago and nobody else does.
  private func look(ifOlderThan age: Duration) async throws -> EventPlace {
    let (known, isMine) = state.withLock { state in
      let isFresh = state.lookedAt.map { $0 + age > ContinuousClock.now } ?? false
      let isMine = !isFresh && !state.isLooking
      if isMine { state.isLooking = true }
      return (state.head, isMine)
    }
    guard isMine else { return known }
    defer {
      state.withLock { state in
        state.isLooking = false
        state.lookedAt = .now
      }
    }
    guard let row = try await pool.query(query).first else { return known }
    let head = EventPlace(
      transaction: try row.get("transaction", as: PostgresTransactionID.self).value, id: try row.get("id"))
    let isNews = state.withLock { state in
      defer { state.head = max(state.head, head) }
      return head > state.head
    }
    if isNews { bell.ring() }
    return head
  }
}
