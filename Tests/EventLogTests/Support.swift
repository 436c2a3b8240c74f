import Core
import EventLog
import Postgres
import Synchronization
import TestSupport
import Testing

/// A statement written where it is tested.
func sql(_ text: String, _ name: String = "test") -> NamedQuery {
  NamedQuery(name: name, sql: text)
}

let instant = Instant(microsecondsSince1970: 1_790_000_000_000_000)

/// A database with a log in schema `source` and a consumer's tables in schema `sink`.
struct Logs: Sendable {
  let database: TestDatabase
  let source: PostgresPool
  let sink: PostgresPool
  let log = EventLog(schema: "source")

  @discardableResult
  static func with<R: Sendable>(
    _ migrations: [Migration] = [], _ body: (Logs) async throws -> R
  ) async throws -> R {
    let migrators = [
      Migrator(schema: "source", role: "source_test", migrations: EventLog.migrations),
      Migrator(schema: "sink", role: "sink_test", migrations: EventLog.migrations + migrations),
    ]
    return try await TestDatabase.with(migrators) { database in
      let logs = Logs(
        database: database, source: database.pool(schema: "source", role: "source_test", size: 12),
        sink: database.pool(schema: "sink", role: "sink_test", size: 12))
      defer {
        logs.source.close()
        logs.sink.close()
      }
      return try await body(logs)
    }
  }

  var reader: EventLogReader { EventLogReader(pool: source, log: log) }

  /// Appends events of one key, whose payloads are their numbers, in a transaction of their own.
  func append(_ numbers: ClosedRange<Int>, key: String = "key") async throws {
    try await source.transaction(name: "append") { transaction in
      try log.append(
        numbers.map { NewEvent(key: key, type: "test.Number", payload: Array("\($0)".utf8)) }, in: transaction,
        at: instant, tenant: .standard)
    }
  }
}

extension EventSource {
  /// The first `count` events of some shares, and whatever lies beyond them that can be read at once.
  ///
  /// Waits for them: the horizon is the whole server's, so that other tests' transactions hold it back.
  func readAll(_ count: Int, shares: [Int] = [0], of partitions: Int = 1, limit: Int = 100) async throws -> [Event] {
    var events: [Event] = []
    var place = EventPlace.beginning
    while true {
      let page = try await read(
        shares, of: partitions, after: place, limit: limit,
        wait: events.count < count ? .seconds(60) : .zero)
      events += page.events
      place = page.next
      if page.events.isEmpty { return events }
    }
  }
}

extension Event {
  var number: Int { Int(String(decoding: payload, as: UTF8.self)) ?? -1 }
}

/// A sequence of things that happened, and a way to wait for more.
final class Recorder<Element: Sendable>: Sendable {
  private let stream: AsyncStream<Element>
  private let continuation: AsyncStream<Element>.Continuation

  init() {
    (stream, continuation) = AsyncStream.makeStream(of: Element.self, bufferingPolicy: .unbounded)
  }

  func add(_ element: Element) { continuation.yield(element) }

  /// The next `count` of them.
  func next(_ count: Int) async -> [Element] {
    var elements: [Element] = []
    for await element in stream {
      elements.append(element)
      if elements.count == count { break }
    }
    return elements
  }
}

/// A value that several tasks change.
final class Guarded<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) {
    self.value = Mutex(value)
  }

  func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R {
    value.withLock { body(&$0) }
  }
}
