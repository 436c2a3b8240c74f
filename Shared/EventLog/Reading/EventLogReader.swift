import Core
public import Postgres

/// Reads the log of a schema of this process's own database.
///
/// What it returns is final: nothing will ever appear before it.
public struct EventLogReader: EventSource {
  public static let partitionLimit = 1024
  public static let eventLimit = 10_000
  public static let waitLimit: Duration = .seconds(60)

  /// Payload bytes of a page, after which it ends: a page travels in one message.
  private static let byteLimit = 1 << 20
  /// Events looked at in one query when only every n-th is wanted.
  private static let windowLimit = 20_000
  /// Events lie at most this far before the time at which their transaction's number was handed out: an hour by
  /// `AppendEvents`, the rest for clocks that are set back.
  private static let lookBack: Duration = .days(1)

  private let pool: PostgresPool
  private let log: EventLog
  private let news: EventNews
  private let readEvents: NamedQuery
  private let retention: NamedQuery
  /// Full names of the messages that are read; empty for all.
  private var types: [String] = []

  /// - Parameters:
  ///   - pool: Whose role may read the log's schema.
  ///   - log: The one that is appended to in this process, so that its readers wake at once.
  public init(pool: PostgresPool, log: EventLog) {
    self.pool = pool
    self.log = log
    let queries = EventQueries(schema: log.schema)
    readEvents = queries["ReadEvents"]
    retention = queries["EventRetention"]
    news = EventNews(pool: pool, bell: log.bell, head: queries["EventHead"])
  }

  /// The same log, of which only events of `types` are read; of all when empty.
  public func only(_ types: [String]) -> EventLogReader {
    var reader = self
    reader.types = types
    return reader
  }

  public func read(
    _ shares: [Int], of partitions: Int, after: EventPlace, limit: Int, wait: Duration
  ) async throws -> EventPage {
    try check(shares, of: partitions, limit: limit, wait: wait)
    let deadline = ContinuousClock.now + wait
    var place = after
    while true {
      let rings = log.bell.rings
      let head = news.head
      let page = try await readOnce(shares, of: partitions, after: place, limit: limit)
      if !page.events.isEmpty { return page }
      place = page.next
      if page.more { continue }
      guard ContinuousClock.now < deadline else { return page }
      // What was readable before this look was seen by it, also when it has been dropped since.
      try await news.wait(beyond: max(place, head), rings: rings, deadline: deadline)
    }
  }

  private func check(_ shares: [Int], of partitions: Int, limit: Int, wait: Duration) throws(EventLogError) {
    guard (1...EventLogReader.partitionLimit).contains(partitions), !shares.isEmpty,
      Set(shares).count == shares.count, shares.allSatisfy((0..<partitions).contains)
    else {
      throw EventLogError(.invalidArgument, "shares \(shares) of \(partitions)")
    }
    guard (1...EventLogReader.eventLimit).contains(limit) else {
      throw EventLogError(.invalidArgument, "a limit of \(limit)")
    }
    guard (.zero...EventLogReader.waitLimit).contains(wait) else {
      throw EventLogError(.invalidArgument, "a wait of \(wait)")
    }
  }

  /// One look. The page may be without events and yet move on, past those of other shares.
  private func readOnce(_ shares: [Int], of partitions: Int, after: EventPlace, limit: Int) async throws -> EventPage {
    let window = min(limit * partitions / shares.count, max(limit, EventLogReader.windowLimit))
    let oldest = after.recordedAt.map { $0 - EventLogReader.lookBack } ?? .distantPast
    let results = try await pool.pipeline([
      (
        readEvents,
        [
          PostgresTransactionID(after.transaction), after.id, oldest, shares, partitions, limit, window, types,
          EventLogReader.byteLimit,
        ]
      ),
      (retention, []),
    ])
    if let kept = results[1].rows.first, after != .beginning {
      let dropped = EventPlace(
        transaction: try kept.get("transaction", as: PostgresTransactionID.self).value, id: try kept.get("id"))
      guard after >= dropped else {
        throw EventLogError(.behindRetention, "events between \(after) and \(dropped) are no longer kept")
      }
    }
    return try page(results[0].rows, after: after, limit: limit, window: window)
  }

  private func page(_ rows: [PostgresRow], after: EventPlace, limit: Int, window: Int) throws -> EventPage {
    var page = EventPage(events: [], next: after, more: rows.count > limit)
    for row in rows.prefix(limit) {
      let place = EventPlace(
        transaction: try row.get("transaction", as: PostgresTransactionID.self).value, id: try row.get("id"),
        recordedAt: try row.get("recorded_at", as: Instant.self))
      if try row.get("mine") {
        guard let event = try Event(place: place, row) else {
          page.more = true
          return page
        }
        page.events.append(event)
      }
      page.next = place
      if try row.get("row_number", as: Int.self) == window { page.more = true }
    }
    return page
  }
}

extension Event {
  /// Nil when the page has no room for it.
  fileprivate init?(place: EventPlace, _ row: PostgresRow) throws {
    guard let payload = try row.get("payload", as: [UInt8]?.self) else { return nil }
    self.init(
      place: place, tenant: try row.get("tenant_id"), key: try row.get("key"), type: try row.get("type"),
      payload: payload, occurredAt: try row.get("occurred_at"), recordedAt: try row.get("recorded_at"))
  }
}
