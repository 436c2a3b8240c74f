import Core
import Logging
import Synchronization

extension PostgresPool {
  /// Between attempts to reach a server that is away.
  private static let reconnect = Backoff(initial: .milliseconds(50), maximum: .seconds(1))

  /// How long a connection is taken to be there without a look.
  private static let freshness: Duration = .microseconds(100)

  /// Lends a connection. To be given back with `release`, always.
  ///
  /// Throws: `PostgresError`; `CancellationError`.
  func acquire() async throws -> PostgresConnection {
    if let idle = state.withLock({ $0.idle.popLast() }) {
      // What was used this very moment is not asked whether it is still there.
      if ContinuousClock.now < idle.since + PostgresPool.freshness || idle.connection.isAlive { return idle.connection }
      discard(idle.connection)
    }
    return try await acquireSlowly()
  }

  private func acquireSlowly() async throws -> PostgresConnection {
    let started = ContinuousClock.now
    let deadline = started + configuration.acquireTimeout
    var attempt = 0
    while true {
      switch try await ticket(deadline) {
      case .connection(let connection):
        if connection.isAlive {
          metrics.waited(since: started)
          return connection
        }
        discard(connection)
      case .place:
        do {
          let connection = try await open()
          metrics.waited(since: started)
          return connection
        } catch {
          givePlaceBack()
          attempt += 1
          let delay = PostgresPool.reconnect.delay(attempt: attempt)
          guard error.code == .unavailable, ContinuousClock.now + delay < deadline else { throw error }
          try await Task.sleep(for: delay)
        }
      }
    }
  }

  /// Takes a connection back.
  func release(_ connection: PostgresConnection) {
    guard connection.isReusable else {
      discard(connection)
      return
    }
    let (waiter, isClosed) = state.withLock { state -> (WaiterQueue.Continuation?, Bool) in
      if state.isClosed { return (nil, true) }
      if let waiter = state.waiters.popFirst() { return (waiter, false) }
      state.idle.append((connection, ContinuousClock.now))
      return (nil, false)
    }
    if isClosed {
      discard(connection)
    } else {
      waiter?.resume(returning: .connection(connection))
    }
  }

  private func discard(_ connection: PostgresConnection) {
    connection.close()
    givePlaceBack()
  }

  private func givePlaceBack() {
    let waiter = state.withLock { state -> WaiterQueue.Continuation? in
      if let waiter = state.waiters.popFirst() { return waiter }
      state.total -= 1
      return nil
    }
    waiter?.resume(returning: .place)
  }

  private func ticket(_ deadline: ContinuousClock.Instant) async throws -> WaiterQueue.Ticket {
    enum Answer {
      case ticket(WaiterQueue.Ticket)
      case closed
      case wait(UInt64)
    }
    try Task.checkCancellation()
    let answer: Answer = state.withLock { state in
      if state.isClosed { return .closed }
      if let idle = state.idle.popLast() { return .ticket(.connection(idle.connection)) }
      if state.total < configuration.poolSize {
        state.total += 1
        return .ticket(.place)
      }
      return .wait(state.waiters.makeID())
    }
    switch answer {
    case .ticket(let ticket): return ticket
    case .closed: throw PostgresError(.unavailable, "the pool is closed")
    case .wait(let id): return try await wait(id, deadline)
    }
  }

  private func wait(_ id: UInt64, _ deadline: ContinuousClock.Instant) async throws -> WaiterQueue.Ticket {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        // Something may have become free since it was looked at.
        let ticket: Result<WaiterQueue.Ticket, any Error>? = state.withLock { state in
          if state.isClosed { return .failure(PostgresError(.unavailable, "the pool is closed")) }
          if let idle = state.idle.popLast() { return .success(.connection(idle.connection)) }
          if state.total < configuration.poolSize {
            state.total += 1
            return .success(.place)
          }
          state.waiters.append(id, deadline: deadline, continuation)
          return nil
        }
        if let ticket { continuation.resume(with: ticket) }
        if Task.isCancelled { abandon(id) }
      }
    } onCancel: {
      abandon(id)
    }
  }

  private func abandon(_ id: UInt64) {
    state.withLock { $0.waiters.remove(id) }?.resume(throwing: CancellationError())
  }

  private func open() async throws(PostgresError) -> PostgresConnection {
    do {
      let connection = try await PostgresConnection.connect(configuration)
      connection.onFailure { [weak self] in self?.dropIdle($0) }
      let isBack = state.withLock { state in
        defer { state.isServerAway = false }
        return state.isServerAway
      }
      if isBack { logger.info("the database is back") }
      return connection
    } catch {
      metrics.connectFailed()
      let isNews = state.withLock { state in
        defer { state.isServerAway = true }
        return !state.isServerAway
      }
      if isNews { logger.warning("the database cannot be reached", [.error(error)]) }
      throw error
    }
  }

  /// Forgets a connection that failed while nobody had it.
  private func dropIdle(_ connection: PostgresConnection) {
    let wasIdle = state.withLock { state in
      guard let index = state.idle.firstIndex(where: { $0.connection === connection }) else { return false }
      state.idle.remove(at: index)
      return true
    }
    if wasIdle { givePlaceBack() }
  }
}
