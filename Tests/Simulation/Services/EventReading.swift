import Core
import Postgres
import Synchronization

@testable import EventLog

/// Another service's log, as it is read over a network that loses questions. Once two looks, in steps of their own, have
/// found nothing, it is not looked at again before a transaction that appended to it has committed.
final class SimulatedSource: EventSource {
  private let log: EventLog
  private let reader: EventLogReader
  private let faults: Faults
  private let tellTime: @Sendable () async throws -> Void

  /// What readers of the same shares have seen: nothing of theirs lies between the two places.
  private struct Seen {
    var after: EventPlace
    var upTo: EventPlace
    /// How often had been appended by then.
    var rings: UInt64
    /// Whether that was seen twice: what has just committed is not readable while another transaction is still open.
    var isSure: Bool
  }

  private let seen = Mutex<[[Int]: Seen]>([:])

  private struct Lost: Error {}

  init(
    log: EventLog, reader: EventLogReader, faults: Faults, tellTime: @escaping @Sendable () async throws -> Void
  ) {
    self.log = log
    self.reader = reader
    self.faults = faults
    self.tellTime = tellTime
  }

  /// A page without events leaves the reader where it was, so that no cursor is stored for it: a worker would do that
  /// every minute of real time, which differs from run to run.
  func read(
    _ shares: [Int], of partitions: Int, after: EventPlace, limit: Int, wait: Duration
  ) async throws -> EventPage {
    if faults.happens(\.lostRead, "read of a log lost") { throw Lost() }
    let rings = log.bell.rings
    let known = seen.withLock { $0[shares] }.flatMap { $0.after == after ? $0 : nil }
    if let known, known.isSure, known.rings == rings { return EventPage(events: [], next: after, more: false) }
    try await tellTime()
    var page = try await reader.read(
      shares, of: partitions, after: known?.upTo ?? after, limit: limit, wait: .zero)
    let upTo = page.next
    if page.events.isEmpty { page.next = after }
    if !page.more {
      let isSure = page.events.isEmpty && known?.rings == rings
      seen.withLock { [page] in
        $0[shares] = Seen(after: page.next, upTo: upTo, rings: rings, isSure: isSure)
      }
    }
    return page
  }
}

/// One consumer in one process: the real one, a turn at a time.
final class SteppedConsumer: Sendable {
  static let shares = 2

  let source: Service
  let consumer: EventConsumer
  /// What each set of shares that was read together leaves for the next time.
  private let turns = Mutex<[[Int]: EventWorker.Turns]>([:])
  /// Shares to be read by themselves, since reading them together failed.
  private let suspects = Mutex<Set<Int>>([])

  init(
    _ name: String, of source: Service, from log: SimulatedSource, host: Host, handler: @escaping EventConsumer.Handler
  ) {
    self.source = source
    consumer = EventConsumer(
      name: name, source: log, sourceName: source.rawValue, pool: host.pool,
      schema: host.service.rawValue,
      options: EventConsumerOptions(partitions: Self.shares, batchLimit: 200, readWait: .zero), handler: handler)
  }

  /// Makes the cursors.
  func open() async throws { try await consumer.share.open() }

  /// True when there is more to read. As the worker does: together, and each by itself until none fails.
  func turn(_ shares: [Int]) async -> Bool {
    let apart = suspects.withLock { $0.intersection(shares).sorted() }
    guard shares.count > 1, !apart.isEmpty else {
      let (hasMore, failed) = await step(shares)
      if failed { suspects.withLock { $0.formUnion(shares) } }
      return hasMore
    }
    for share in apart where await !step([share]).failed { suspects.withLock { _ = $0.remove(share) } }
    return true
  }

  private func step(_ shares: [Int]) async -> (hasMore: Bool, failed: Bool) {
    var current = turns.withLock { $0[shares] } ?? EventWorker.Turns(consumer.options)
    let hasMore = await EventWorker(shares: shares, consumer: consumer).turn(&current)
    turns.withLock { [current] in $0[shares] = current }
    return (hasMore, current.failures > 0)
  }
}
