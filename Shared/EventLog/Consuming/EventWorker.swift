import Core
import Logging
import Postgres

/// Works through one share of a log.
struct EventWorker: Sendable {
  let partition: Int
  let consumer: EventConsumer

  /// The cursor was moved by somebody else: another instance has this share.
  private struct CursorMoved: Error {}

  /// A cursor that moved past others' events only is stored this often.
  private static let idleStoreInterval: Duration = .seconds(60)

  fileprivate struct Progress {
    /// Where the cursor stands in the database.
    var stored: EventPlace
    /// Where to read from; ahead of `stored` when others' events were passed.
    var position: EventPlace
    var storedAt = ContinuousClock.now
  }

  private var share: EventShare { consumer.share }

  /// What one turn leaves for the next.
  struct Turns: Sendable {
    fileprivate var progress: Progress?
    fileprivate var failures = 0
    /// Events that the next turn takes at most: fewer after a failure, to find the one that fails.
    fileprivate var limit: Int

    init(_ options: EventConsumerOptions) { limit = options.batchLimit }
  }

  func run() async {
    var turns = Turns(consumer.options)
    var generator = SystemRandomNumberGenerator()
    while !Task.isCancelled {
      let began = ContinuousClock.now
      let hasMore = await turn(&turns)
      guard !hasMore || turns.failures > 0, !Task.isCancelled else { continue }
      var end = began + consumer.options.pace
      if turns.failures > 0 { end = .now + consumer.options.retry.delay(attempt: turns.failures, using: &generator) }
      // Ends early when cancelled, which the loop's condition sees.
      try? await Task.sleep(until: end, clock: .continuous)
    }
  }

  /// Reads once and lets what was read take effect. Says whether there is more to read at once.
  @discardableResult
  func turn(_ turns: inout Turns) async -> Bool {
    var batch: [Event] = []
    do {
      var current = if let progress = turns.progress { progress } else { try await load() }
      turns.progress = current
      let page = try await consumer.source.read(
        partition: partition, partitions: consumer.options.partitions, after: current.position, limit: turns.limit,
        wait: consumer.options.readWait)
      try check(page, after: current.position)
      batch = page.events
      try await take(page, &current)
      turns.progress = current
      if turns.failures > 0 { consumer.metrics.stalled(partition, false) }
      turns.failures = 0
      turns.limit = min(turns.limit * 2, consumer.options.batchLimit)
      return page.more
    } catch {
      if Task.isCancelled { return false }
      turns.progress = nil
      turns.failures += 1
      turns.limit = max(1, min(turns.limit, batch.count) / 2)
      report(error, batch, failures: turns.failures)
      return true
    }
  }

  private func load() async throws -> Progress {
    let rows = try await consumer.pool.query(share.queries["ReadCursor"], share.source, share.consumer, partition)
    guard let row = rows.first else { return Progress(stored: .beginning, position: .beginning) }
    let place = EventPlace(
      transaction: try row.get("transaction", as: PostgresTransactionID.self).value, id: try row.get("id"),
      recordedAt: try row.get("recorded_at", as: Instant?.self))
    return Progress(stored: place, position: place)
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

  private func take(_ page: EventPage, _ progress: inout Progress) async throws {
    progress.position = page.next
    if page.events.isEmpty {
      consumer.metrics.caughtUp(partition)
      guard progress.stored != page.next, progress.storedAt.duration(to: .now) > EventWorker.idleStoreInterval else {
        return
      }
    }
    try await consumer.pool.transaction(name: "consume events") { [progress] transaction in
      let moved = try await transaction.execute(
        share.queries["MoveCursor"], share.source, share.consumer, partition,
        PostgresTransactionID(progress.stored.transaction), progress.stored.id,
        PostgresTransactionID(page.next.transaction), page.next.id, page.next.recordedAt)
      guard moved == 1 else { throw CursorMoved() }
      if !page.events.isEmpty { try await consumer.handler(page.events, transaction) }
    }
    progress.stored = page.next
    progress.storedAt = .now
    if let last = page.events.last { consumer.metrics.taken(page.events.count, partition, last, hasMore: page.more) }
  }

  private func report(_ error: any Error, _ batch: [Event], failures: Int) {
    var fields = [LogField("partition", partition), LogField("attempt", failures), .error(error)]
    if error is CursorMoved {
      consumer.logger.info("another instance has moved the cursor", fields)
      return
    }
    if let error = error as? PostgresError, error.code == .commitUnknown || error.code == .unavailable {
      consumer.logger.warning("the database was lost while events were taken; the cursor tells what happened", fields)
      return
    }
    guard let first = batch.first else {
      consumer.metrics.failed(partition)
      // The source's fault does not pass by itself: the consumer was away too long, or the source is not in order.
      consumer.logger.log(error is EventLogError ? .error : .warning, "events cannot be read", fields)
      return
    }
    consumer.metrics.failed(partition)
    fields += [LogField("events", batch.count), LogField("place", first.place), LogField("type", first.type)]
    if batch.count == 1 {
      // Alone, so it is this one. Nothing of its share passes it.
      consumer.metrics.stalled(partition, true)
      consumer.logger.error("an event cannot be taken; its share waits until it can", fields)
    } else {
      consumer.logger.warning("a batch of events failed and is tried again in parts", fields)
    }
  }
}
