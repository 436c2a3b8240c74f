import Core
import Logging
import Postgres
import Synchronization

/// Works through some shares of a log: together while all goes well, each by itself while one of them fails.
struct EventWorker: Sendable {
  /// At least one.
  let shares: [Int]
  let consumer: EventConsumer

  /// A cursor was moved by somebody else: another instance has its share.
  private struct CursorMoved: Error {}

  /// Cursors that moved past others' events only are stored this often.
  private static let idleStoreInterval: Duration = .seconds(60)

  fileprivate struct Progress {
    /// Where the cursors of the shares stand in the database.
    var stored: [EventPlace]
    /// How far each share was read; ahead of `stored` when others' events were passed.
    var read: [EventPlace]
    var storedAt = ContinuousClock.now

    /// Where to read from. Shares that this instance got at different times are ahead of it until the last has caught up.
    var next: EventPlace { read.min() ?? .beginning }
  }

  private var share: EventShare { consumer.share }

  /// What one turn leaves for the next.
  struct Turns: Sendable {
    fileprivate var progress: Progress?
    private(set) var failures = 0
    /// Events that the next turn takes at most: fewer after a failure, to find the one that fails.
    fileprivate var limit: Int

    init(_ options: EventConsumerOptions) { limit = options.batchLimit }

    fileprivate mutating func succeeded(_ options: EventConsumerOptions) {
      failures = 0
      limit = min(limit * 2, options.batchLimit)
    }

    fileprivate mutating func failed(with count: Int) {
      progress = nil
      failures += 1
      limit = max(1, min(limit, count) / 2)
    }
  }

  /// Shares that are worked on each by itself because one of them failed, until none does.
  private final class Suspects: Sendable {
    private let failing: Mutex<Set<Int>>

    init(_ shares: [Int]) { failing = Mutex(Set(shares)) }

    var isEmpty: Bool { failing.withLock { $0.isEmpty } }

    func report(_ share: Int, isFailing: Bool) {
      failing.withLock { failing in
        if isFailing { failing.insert(share) } else { failing.remove(share) }
      }
    }
  }

  func run() async {
    var turns = Turns(consumer.options)
    while !Task.isCancelled {
      await paced(&turns)
      guard turns.failures > 0, shares.count > 1 else { continue }
      let suspects = Suspects(shares)
      await withDiscardingTaskGroup { group in
        for share in shares {
          group.addTask { await EventWorker(shares: [share], consumer: consumer).run(whileAny: suspects) }
        }
      }
      turns = Turns(consumer.options)
    }
  }

  private func run(whileAny suspects: Suspects) async {
    var turns = Turns(consumer.options)
    while !Task.isCancelled, !suspects.isEmpty {
      await paced(&turns)
      suspects.report(shares[0], isFailing: turns.failures > 0)
    }
  }

  /// One turn, and the wait that is due after it.
  private func paced(_ turns: inout Turns) async {
    let began = ContinuousClock.now
    let hasMore = await turn(&turns)
    var end = began + consumer.options.pace
    if turns.failures > 0 {
      guard shares.count == 1 else { return }
      end = .now + consumer.options.retry.delay(attempt: turns.failures)
    } else if hasMore {
      return
    }
    // Ends early when cancelled, which the caller's loop sees.
    try? await Task.sleep(until: end, clock: .continuous)
  }

  /// Reads once and lets what was read take effect. Says whether there is more to read at once.
  @discardableResult
  func turn(_ turns: inout Turns) async -> Bool {
    var batch: [Event] = []
    do {
      var current = if let progress = turns.progress { progress } else { try await load() }
      turns.progress = current
      let page = try await consumer.source.read(
        shares, of: consumer.options.partitions, after: current.next, limit: turns.limit,
        wait: consumer.options.readWait)
      try check(page, after: current.next)
      batch = fresh(page.events, current)
      try await take(batch, page, &current)
      turns.progress = current
      if turns.failures > 0 { for share in shares { consumer.metrics.stalled(share, false) } }
      turns.succeeded(consumer.options)
      return page.more
    } catch {
      if Task.isCancelled { return false }
      turns.failed(with: batch.count)
      report(error, batch, failures: turns.failures)
      return true
    }
  }

  private func load() async throws -> Progress {
    let rows = try await consumer.pool.query(share.queries["ReadCursors"], share.source, share.consumer, shares)
    var places: [Int: EventPlace] = [:]
    for row in rows {
      places[try row.get("partition")] = EventPlace(
        transaction: try row.get("transaction", as: PostgresTransactionID.self).value, id: try row.get("id"),
        recordedAt: try row.get("recorded_at", as: Instant?.self))
    }
    let stored = shares.map { places[$0] ?? .beginning }
    return Progress(stored: stored, read: stored)
  }

  /// A source that went back in time, or out of order, would make events take effect twice or never.
  private func check(_ page: EventPage, after place: EventPlace) throws(EventLogError) {
    var last = place
    for event in page.events {
      guard event.place > last else {
        throw EventLogError(.invalidResponse, "event \(event.place) comes after \(last)")
      }
      last = event.place
    }
    guard page.next >= last else { throw EventLogError(.invalidResponse, "\(page.next) comes after \(last)") }
  }

  /// Those that their shares have not come to yet.
  private func fresh(_ events: [Event], _ progress: Progress) -> [Event] {
    guard progress.read.contains(where: { $0 > progress.next }) else { return events }
    let read = Dictionary(uniqueKeysWithValues: zip(shares, progress.read))
    return events.filter { event in
      guard let place = read[EventLog.share(of: event.key, among: consumer.options.partitions)] else { return false }
      return event.place > place
    }
  }

  private func take(_ events: [Event], _ page: EventPage, _ progress: inout Progress) async throws {
    progress.read = progress.read.map { max($0, page.next) }
    if events.isEmpty {
      for share in shares { consumer.metrics.caughtUp(share) }
      guard progress.storedAt.duration(to: .now) > EventWorker.idleStoreInterval else { return }
    }
    // Those that are ahead stay where they stand.
    let moving = shares.indices.filter { progress.stored[$0] < page.next }
    guard !moving.isEmpty else { return }
    try await consumer.pool.transaction(name: "consume events") { [progress] transaction in
      let moved = try await transaction.execute(
        share.queries["MoveCursors"], share.source, share.consumer, moving.map { shares[$0] },
        moving.map { PostgresTransactionID(progress.stored[$0].transaction) }, moving.map { progress.stored[$0].id },
        PostgresTransactionID(page.next.transaction), page.next.id, page.next.recordedAt)
      guard moved == moving.count else { throw CursorMoved() }
      if !events.isEmpty { try await consumer.handler(events, transaction) }
    }
    for index in moving { progress.stored[index] = page.next }
    progress.storedAt = .now
    if let last = events.last { consumer.metrics.taken(events.count, shares, last, hasMore: page.more) }
  }

  private func report(_ error: any Error, _ batch: [Event], failures: Int) {
    var fields = [
      LogField("shares", shares.map(String.init).joined(separator: ",")), LogField("attempt", failures), .error(error),
    ]
    if error is CursorMoved {
      consumer.logger.info("another instance has moved the cursor", fields)
      return
    }
    if let error = error as? PostgresError, error.code == .commitUnknown || error.code == .unavailable {
      consumer.logger.warning("the database was lost while events were taken; the cursor tells what happened", fields)
      return
    }
    consumer.metrics.failed()
    guard let first = batch.first else {
      // The source's fault does not pass by itself: the consumer was away too long, or the source is not in order.
      consumer.logger.log(error is EventLogError ? .error : .warning, "events cannot be read", fields)
      return
    }
    fields += [LogField("events", batch.count), LogField("place", first.place), LogField("type", first.type)]
    if batch.count == 1, shares.count == 1 {
      // Alone, so it is this one. Nothing of its share passes it.
      consumer.metrics.stalled(shares[0], true)
      consumer.logger.error("an event cannot be taken; its share waits until it can", fields)
    } else {
      consumer.logger.warning("a batch of events failed and is tried again in parts", fields)
    }
  }
}
