import Core
import Postgres
import Synchronization

@testable import EventLog

/// Another service's log, as it is read over a network that loses questions.
struct SimulatedSource: EventSource {
  let log: EventLogReader
  let faults: Faults

  private struct Lost: Error {}

  func read(
    _ shares: [Int], of partitions: Int, after: EventPlace, limit: Int, wait: Duration
  ) async throws -> EventPage {
    if faults.happens(\.lostRead, "read of a log lost") { throw Lost() }
    return try await log.read(shares, of: partitions, after: after, limit: limit, wait: .zero)
  }
}

/// One consumer in one process: the real one, a turn at a time.
final class SteppedConsumer: Sendable {
  static let shares = 2

  let source: Service
  let consumer: EventConsumer
  private let turns: Mutex<[EventWorker.Turns]>

  init(
    _ name: String, of source: Service, log: EventLogReader, host: Host, faults: Faults,
    handler: @escaping EventConsumer.Handler
  ) {
    self.source = source
    consumer = EventConsumer(
      name: name, source: SimulatedSource(log: log, faults: faults), sourceName: source.rawValue, pool: host.pool,
      schema: host.service.rawValue,
      options: EventConsumerOptions(partitions: Self.shares, batchLimit: 200, readWait: .zero), handler: handler)
    turns = Mutex(Array(repeating: EventWorker.Turns(consumer.options), count: Self.shares))
  }

  /// Makes the cursors.
  func open() async throws { try await consumer.share.open() }

  /// True when there is more to read.
  func turn(_ share: Int) async -> Bool {
    var current = turns.withLock { $0[share] }
    let hasMore = await EventWorker(shares: [share], consumer: consumer).turn(&current)
    turns.withLock { [current] in $0[share] = current }
    return hasMore
  }
}
