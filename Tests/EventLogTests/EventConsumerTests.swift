import Core
import Logging
import Metrics
import Postgres
import TestSupport
import Testing

@testable import EventLog

/// Leases as short as make a test quick; how long they are decides nothing but that.
private let options = EventConsumerOptions(
  partitions: 4, batchLimit: 20, readWait: .milliseconds(200), lease: .milliseconds(600),
  retry: Backoff(initial: .milliseconds(2), maximum: .milliseconds(20)))

@Suite struct EventConsumerTests {
  private struct Failure: Error {}

  /// What a consumer has done, in its own schema: one row an event, in the order of their taking effect.
  private static let effects = Migration(
    number: 1, name: "effects",
    sql: """
      create table effect (position bigint generated always as identity, place bigint not null, key text not null,
        number bigint not null);
      """)
  private static let record = sql("insert into effect (place, key, number) values ($1, $2, $3)", "RecordEffect")

  @Sendable private static func takeDown(_ events: [Event], _ transaction: PostgresTransaction) async throws {
    try await transaction.pipeline(events.map { (record, [$0.id, $0.key, $0.number]) })
  }

  private func consumer(
    _ logs: Logs, options: EventConsumerOptions = options, logger: Logger = .discarding,
    metrics: MetricsRegistry = MetricsRegistry(), _ handler: @escaping EventConsumer.Handler
  ) -> EventConsumer {
    EventConsumer(
      name: "test", source: logs.reader, sourceName: "source", pool: logs.sink, schema: "sink", options: options,
      logger: logger, metrics: metrics, handler: handler)
  }

  /// Runs consumers until `body` returns.
  private func running(_ consumers: [EventConsumer], _ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
      for consumer in consumers {
        group.addTask {
          do { try await consumer.run() } catch is CancellationError {}
        }
      }
      try await body()
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  private func waitForEffects(_ count: Int, _ logs: Logs) async throws {
    let query = sql("select count(*) as n from effect")
    while try await logs.sink.query(query)[0].get("n", as: Int.self) < count { await Task.yield() }
  }

  @Test func eachEventTakesEffectOnceInOrder() async throws {
    try await Logs.with([Self.effects]) { logs in
      for key in 0..<20 { try await logs.append(key * 10...key * 10 + 9, key: "\(key)") }
      try await running([consumer(logs, Self.takeDown)]) {
        try await waitForEffects(200, logs)
        try await logs.append(200...209, key: "0")
        try await waitForEffects(210, logs)
      }
      let rows = try await logs.sink.query(
        sql("select key, array_agg(number order by position) as n from effect group by key"))
      #expect(rows.count == 20)
      for row in rows {
        let numbers = try row.get("n", as: [Int].self)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
      }
    }
  }

  @Test func anotherRunGoesOnWhereTheLastOneStopped() async throws {
    try await Logs.with([Self.effects]) { logs in
      try await logs.append(1...30)
      try await running([consumer(logs, Self.takeDown)]) { try await waitForEffects(30, logs) }
      try await logs.append(31...60)
      try await running([consumer(logs, Self.takeDown)]) { try await waitForEffects(60, logs) }
      let count: Int = try await logs.sink.query(sql("select count(*) as n from effect"))[0].get("n")
      #expect(count == 60)
    }
  }

  @Test func aPoisonousEventHoldsUpItsShareAndIsNotSkipped() async throws {
    try await Logs.with([Self.effects]) { logs in
      let sink = CapturingSink()
      let metrics = MetricsRegistry()
      let isCured = Guarded(false)
      try await logs.append(1...10, key: "good")
      try await logs.append(11...30, key: "bad")
      let handler: EventConsumer.Handler = { events, transaction in
        try await Self.takeDown(events, transaction)
        if !isCured.withLock({ $0 }), events.contains(where: { $0.number == 17 }) { throw Failure() }
      }
      // One share for each key, or the good would wait with the bad.
      var wide = options
      wide.partitions = 64
      try await running([
        consumer(logs, options: wide, logger: Logger(label: "test", sink: sink), metrics: metrics, handler)
      ]) {
        try await waitForEffects(16, logs)
        while !sink.lines.contains(where: { $0.contains("an event cannot be taken") }) { await Task.yield() }
        let stuck = try await logs.sink.query(sql("select number from effect where key = 'bad' order by number"))
        #expect(try stuck.map { try $0.get("number", as: Int.self) } == Array(11...16))
        #expect(metrics.render().contains("event_partition_stalled{source=\"source\",consumer=\"test\",partition="))
        isCured.withLock { $0 = true }
        try await waitForEffects(30, logs)
      }
      let numbers = try await logs.sink.query(sql("select number from effect where key = 'bad' order by position"))
      #expect(try numbers.map { try $0.get("number", as: Int.self) } == Array(11...30))
    }
  }

  /// As when an instance gets shares from others that had come to different places.
  @Test func sharesGoOnFromWhereEachStands() async throws {
    try await Logs.with([Self.effects]) { logs in
      for key in 0..<20 { try await logs.append(key * 10...key * 10 + 9, key: "\(key)") }
      try await running([consumer(logs, Self.takeDown)]) { try await waitForEffects(200, logs) }
      let behind = (0..<20).filter { EventLog.share(of: "\($0)", among: 4) == 2 }
      #expect(!behind.isEmpty && behind.count < 20)
      try await logs.sink.execute(sql("update event_cursor set transaction = '0', id = 0 where partition = 2"))
      try await running([consumer(logs, Self.takeDown)]) {
        try await waitForEffects(200 + behind.count * 10, logs)
        try await logs.append(200...219, key: "0")
        try await waitForEffects(220 + behind.count * 10, logs)
      }
      let twice = try await logs.sink.query(
        sql("select key from effect group by key, number having count(*) = 2 order by key"))
      #expect(Set(try twice.map { try $0.get("key", as: String.self) }) == Set(behind.map(String.init)))
      #expect(twice.count == behind.count * 10)
    }
  }

  @Test func theNumberOfSharesCannotChange() async throws {
    try await Logs.with([Self.effects]) { logs in
      try await logs.append(1...1)
      try await running([consumer(logs, Self.takeDown)]) { try await waitForEffects(1, logs) }
      var changed = options
      changed.partitions = 5
      await #expect(throws: EventLogError.self) { try await consumer(logs, options: changed, Self.takeDown).run() }
    }
  }

  @Test func aConsumerThatStayedAwayTooLongIsTold() async throws {
    try await Logs.with([Self.effects]) { logs in
      try await logs.append(1...5)
      let events = try await logs.reader.readAll(5)
      let admin = logs.database.pool(schema: "source")
      defer { admin.close() }
      try await admin.execute(
        sql("update event_retention set transaction = $1, id = $2"),
        PostgresTransactionID(events[4].place.transaction), events[4].id)
      await #expect(throws: EventLogError.self) {
        try await logs.reader.read([0], of: 1, after: events[2].place, limit: 10, wait: .zero)
      }
      let page = try await logs.reader.read(
        [0], of: 1, after: events[4].place, limit: 10, wait: .zero)
      #expect(page.events.isEmpty)
    }
  }

  @Test func instancesShareTheWorkFairlyAsTheyComeAndGo() async throws {
    try await Logs.with([Self.effects]) { logs in
      let query = sql(
        "select owner::text, count(*) as n from event_lease where owner is not null and expires_at > now() group by owner order by n"
      )
      func waitFor(_ parts: [Int]) async throws {
        while true {
          let now = try await logs.sink.query(query).map { try $0.get("n", as: Int.self) }
          if now == parts { return }
          await Task.yield()
        }
      }
      try await running([consumer(logs, Self.takeDown)]) {
        try await waitFor([4])
        try await running([consumer(logs, Self.takeDown)]) {
          try await waitFor([2, 2])
          try await running([consumer(logs, Self.takeDown)]) { try await waitFor([1, 1, 2]) }
          try await waitFor([2, 2])
        }
        try await waitFor([4])
      }
      #expect(try await logs.sink.query(query).isEmpty)
    }
  }

  /// Reads, and then holds what it read until the gate opens.
  private struct HeldSource: EventSource {
    let base: EventLogReader
    let hasRead: Recorder<Int>
    let gate: AsyncStream<Never>

    func read(
      _ shares: [Int], of partitions: Int, after: EventPlace, limit: Int, wait: Duration
    ) async throws -> EventPage {
      let page = try await base.read(shares, of: partitions, after: after, limit: limit, wait: wait)
      if !page.events.isEmpty {
        hasRead.add(page.events.count)
        for await _ in gate {}
      }
      return page
    }
  }

  @Test func anInstanceThatWasThoughtDeadChangesNothing() async throws {
    try await Logs.with([Self.effects]) { logs in
      try await logs.append(1...10)
      var single = options
      single.partitions = 1
      var slow = single
      slow.lease = .hours(1)  // So that it does not hear that its share is gone.
      let (gate, opener) = AsyncStream.makeStream(of: Never.self)
      let source = HeldSource(base: logs.reader, hasRead: Recorder(), gate: gate)
      let sink = CapturingSink()
      let zombie = EventConsumer(
        name: "test", source: source, sourceName: "source", pool: logs.sink, schema: "sink", options: slow,
        logger: Logger(label: "zombie", sink: sink), handler: Self.takeDown)
      try await running([zombie]) {
        #expect(await source.hasRead.next(1) == [10])
        try await logs.sink.execute(sql("update event_lease set owner = null, expires_at = null"))
        try await logs.sink.execute(sql("delete from event_instance"))
        try await running([consumer(logs, options: single, Self.takeDown)]) { try await waitForEffects(10, logs) }
        opener.finish()
        while !sink.lines.contains(where: { $0.contains("another instance has moved the cursor") }) {
          await Task.yield()
        }
      }
      let numbers = try await logs.sink.query(sql("select number from effect order by position"))
      #expect(try numbers.map { try $0.get("number", as: Int.self) } == Array(1...10))
    }
  }

  /// Writers commit in any order and some roll back; instances come, go, fail in mid-batch and lose their connections.
  /// In the end each committed event has taken effect exactly once, in the order of its key.
  @Test(arguments: UInt64(1)...6) func nothingIsSkippedNothingTwiceAndKeysKeepTheirOrder(seed: UInt64) async throws {
    struct Undo: Error {}
    try await Logs.with([Self.effects]) { logs in
      let expected = Guarded<[String: [Int]]>([:])
      let chaos = Guarded(SeededGenerator(seed: seed))
      @Sendable func chance(_ percent: Int) -> Bool {
        chaos.withLock { Int.random(in: 0..<100, using: &$0) } < percent
      }
      let kill = sql("select pg_terminate_backend(pg_backend_pid())")
      let handler: EventConsumer.Handler = { events, transaction in
        let half = events.prefix(events.count / 2)
        try await Self.takeDown(Array(half), transaction)
        if chance(10) { throw Failure() }
        if chance(5) { try await transaction.execute(kill) }
        try await Self.takeDown(Array(events.dropFirst(half.count)), transaction)
        if chance(5) { throw Failure() }
      }
      let writers = 6
      let perWriter = 60
      try await running((0..<2).map { _ in consumer(logs, handler) }) {
        try await withThrowingTaskGroup { group in
          for writer in 0..<writers {
            group.addTask {
              for step in 0..<perWriter {
                // A key is written by one writer, so that its true order is known.
                let key = "\(writer)-\(step % 5)"
                do {
                  try await logs.source.transaction(name: "write") { transaction in
                    let count = chaos.withLock { Int.random(in: 1...3, using: &$0) }
                    let numbers = (0..<count).map { step * 10 + $0 }
                    try logs.log.append(
                      numbers.map { NewEvent(key: key, type: "t", payload: Array("\($0)".utf8)) }, in: transaction,
                      at: instant, tenant: .standard)
                    // Stays open while others begin and commit.
                    for _ in 0..<chaos.withLock({ Int.random(in: 0...5, using: &$0) }) {
                      try await transaction.execute(sql("select pg_current_xact_id()"))
                    }
                    if chance(15) { throw Undo() }
                    transaction.onCommit { expected.withLock { $0[key, default: []] += numbers } }
                  }
                } catch is Undo {}
              }
            }
          }
          // Instances that come and go meanwhile.
          group.addTask {
            for _ in 0..<3 {
              try await running([consumer(logs, handler)]) {
                let held = sql("select 1 from event_lease where owner is not null group by owner")
                while try await logs.sink.query(held).count < 3 { await Task.yield() }
              }
            }
          }
          try await group.waitForAll()
        }
        try await waitForEffects(expected.withLock { $0.values.map(\.count).reduce(0, +) }, logs)
      }
      let rows = try await logs.sink.query(
        sql("select key, array_agg(number order by position) as n from effect group by key"))
      var actual: [String: [Int]] = [:]
      for row in rows { actual[try row.get("key")] = try row.get("n", as: [Int].self) }
      #expect(actual == expected.withLock { $0 }, "seed \(seed)")
    }
  }
}
