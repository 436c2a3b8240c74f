import Core
import EventLog
import Postgres
import TestSupport
import Testing

@Suite struct EventLogReaderTests {
  @Test func eventsComeBackInOrderAsTheyWereWritten() async throws {
    try await Logs.with { logs in
      try await logs.append(1...250)
      try await logs.append(251...300)
      let events = try await logs.reader.readAll(300, limit: 60)
      #expect(events.map(\.number) == Array(1...300))
      let event = try #require(events.first)
      #expect(event.tenant == .standard)
      #expect(event.key == "key")
      #expect(event.type == "test.Number")
      #expect(event.occurredAt == instant)
      #expect(event.place.recordedAt == event.recordedAt)
    }
  }

  @Test func moreEventsThanOneStatementTakesKeepTheirOrder() async throws {
    try await Logs.with { logs in
      try await logs.append(1...2500)
      #expect(try await logs.reader.readAll(2500, limit: 10_000).map(\.number) == Array(1...2500))
    }
  }

  @Test func whatIsRolledBackIsNeverRead() async throws {
    struct Stop: Error {}
    try await Logs.with { logs in
      await #expect(throws: Stop.self) {
        try await logs.source.transaction(name: "undone") { transaction in
          try logs.log.append(
            [NewEvent(key: "k", type: "t", payload: [])], in: transaction, at: instant, tenant: .standard)
          throw Stop()
        }
      }
      try await logs.append(1...1)
      #expect(try await logs.reader.readAll(1).map(\.number) == [1])
    }
  }

  @Test func readingNeverOvertakesAnOpenTransaction() async throws {
    try await Logs.with { logs in
      try await logs.source.transaction(name: "slow") { transaction in
        try logs.log.append(
          [NewEvent(key: "key", type: "t", payload: Array("1".utf8))], in: transaction, at: instant, tenant: .standard)
        try await transaction.execute(sql("select pg_current_xact_id()"))
        try await logs.append(2...3)
        #expect(try await logs.reader.readAll(0).isEmpty)
      }
      #expect(try await logs.reader.readAll(3).map(\.number) == [1, 2, 3])
    }
  }

  @Test func sharesDivideTheKeysAndTogetherAreEverything() async throws {
    try await Logs.with { logs in
      for key in 0..<40 { try await logs.append(key * 10...key * 10 + 9, key: "key \(key)") }
      _ = try await logs.reader.readAll(400)
      var seen: [String: Int] = [:]
      var count = 0
      for partition in 0..<4 {
        let events = try await logs.reader.readAll(0, shares: [partition], of: 4, limit: 7)
        count += events.count
        for event in events {
          #expect(seen[event.key, default: partition] == partition)
          seen[event.key] = partition
        }
        for key in Set(events.map(\.key)) {
          let numbers = events.filter { $0.key == key }.map(\.number)
          #expect(numbers == numbers.sorted())
        }
      }
      #expect(count == 400)
      #expect(Set(seen.values).count == 4)
      let some = try await logs.reader.readAll(0, shares: [3, 1], of: 4, limit: 7)
      let all = try await logs.reader.readAll(400)
      #expect(some == all.filter { [1, 3].contains(seen[$0.key]) })
    }
  }

  @Test func aShareWithoutEventsMovesOnAllTheSame() async throws {
    try await Logs.with { logs in
      try await logs.append(1...500)
      let all = try await logs.reader.readAll(500, limit: 1000)
      let shares = try await withThrowingTaskGroup(of: EventPage.self) { group in
        for partition in 0..<8 {
          group.addTask {
            try await logs.reader.read([partition], of: 8, after: .beginning, limit: 500, wait: .zero)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(shares.filter { !$0.events.isEmpty }.count == 1)
      #expect(shares.allSatisfy { $0.next == all.last?.place })
    }
  }

  @Test func aReaderThatWaitsWakesAtACommitOfThisProcess() async throws {
    try await Logs.with { logs in
      async let page = logs.reader.read([0], of: 1, after: .beginning, limit: 10, wait: .seconds(60))
      try await logs.append(1...3)
      #expect(try await page.events.map(\.number) == [1, 2, 3])
    }
  }

  @Test func aReaderThatWaitsFindsWhatAnotherProcessWrote() async throws {
    try await Logs.with { logs in
      let reader = logs.reader
      async let page = reader.read([0], of: 1, after: .beginning, limit: 10, wait: .seconds(60))
      let other = EventLog(schema: "source")
      try await logs.source.transaction(name: "other") { transaction in
        try other.append(
          [NewEvent(key: "k", type: "t", payload: Array("7".utf8))], in: transaction, at: instant, tenant: .standard)
      }
      #expect(try await page.events.map(\.number) == [7])
    }
  }

  @Test func aReaderThatWaitsForAnOpenTransactionSeesItsEnd() async throws {
    try await Logs.with { logs in
      let reader = logs.reader
      let page = try await logs.source.transaction(name: "open") { transaction in
        try await transaction.execute(sql("select pg_current_xact_id()"))
        async let page = reader.read([0], of: 1, after: .beginning, limit: 10, wait: .seconds(60))
        try await logs.append(1...1)
        try await transaction.execute(sql("rollback"))
        return try await page
      }
      #expect(page.events.map(\.number) == [1])
    }
  }

  @Test func anEmptyLogAnswersWhenTheWaitIsOver() async throws {
    try await Logs.with { logs in
      let page = try await logs.reader.read(
        [0], of: 1, after: .beginning, limit: 10, wait: .milliseconds(30))
      #expect(page == EventPage(events: [], next: .beginning, more: false))
    }
  }

  @Test func aPageEndsBeforeItGetsTooLargeForAMessage() async throws {
    try await Logs.with { logs in
      try await logs.source.transaction(name: "large") { transaction in
        try logs.log.append(
          (0..<10).map { NewEvent(key: "k", type: "t", payload: [UInt8](repeating: UInt8($0), count: 300_000)) },
          in: transaction, at: instant, tenant: .standard)
      }
      let page = try await logs.reader.read(
        [0], of: 1, after: .beginning, limit: 100, wait: .seconds(60))
      #expect(page.events.count == 3)
      #expect(page.more)
      #expect(try await logs.reader.readAll(10).map { $0.payload[0] } == Array(0..<10))
    }
  }

  @Test(arguments: UInt64(1)...5) func onlyWhatIsWantedIsReadAndTheRestIsPassed(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let events = (1...60).map { number in
      let size = Bool.random(using: &generator) ? 3 : 200_000
      return NewEvent(
        key: "k", type: ["a", "b", "c"].randomElement(using: &generator) ?? "a",
        payload: [UInt8](repeating: UInt8(number), count: size))
    }
    try await Logs.with { [events] logs in
      try await logs.source.transaction(name: "kinds") { transaction in
        try logs.log.append(events, in: transaction, at: instant, tenant: .standard)
      }
      let all = try await logs.reader.readAll(60, limit: 7)
      #expect(all.map(\.payload) == events.map(\.payload))
      for types in [["a"], ["b", "c"], ["none"]] {
        let read = try await logs.reader.only(types).readAll(0, limit: 7)
        #expect(read == all.filter { types.contains($0.type) })
      }
      let page = try await logs.reader.only(["none"]).read(
        [0], of: 1, after: .beginning, limit: 60, wait: .zero)
      #expect(page.next == all.last?.place)
    }
  }

  @Test func anEventTooLargeForAMessageIsRefused() async throws {
    try await Logs.with { logs in
      await #expect(throws: EventLogError.self) {
        try await logs.source.transaction(name: "large") { transaction in
          let payload = [UInt8](repeating: 0, count: EventLog.payloadLimit + 1)
          try logs.log.append(
            [NewEvent(key: "k", type: "t", payload: payload)], in: transaction, at: instant, tenant: .standard)
        }
      }
    }
  }

  @Test func aLogWhoseEventsAreGoneIsWaitedForQuietly() async throws {
    try await Logs.with { logs in
      try await logs.append(1...5)
      let reader = logs.reader
      _ = try await reader.readAll(5)
      let place = try await reader.read([0], of: 1, after: .beginning, limit: 10, wait: .zero).next
      _ = try await reader.read([0], of: 1, after: place, limit: 10, wait: .milliseconds(50))
      let admin = logs.database.pool(schema: "source")
      defer { admin.close() }
      try await admin.execute(sql("truncate event"))
      async let page = reader.read([0], of: 1, after: .beginning, limit: 10, wait: .seconds(60))
      try await logs.append(6...6)
      #expect(try await page.events.map(\.number) == [6])
    }
  }

  @Test(arguments: [
    ([0], 0, 1), ([1], 1, 1), ([-1], 2, 1), ([], 2, 1), ([0, 0], 2, 1), ([0], 2000, 1), ([0], 1, 0), ([0], 1, 20_000),
  ])
  func whatIsOutOfRangeIsRefused(shares: [Int], partitions: Int, limit: Int) async throws {
    try await Logs.with { logs in
      await #expect(throws: EventLogError.self) {
        try await logs.reader.read(shares, of: partitions, after: .beginning, limit: limit, wait: .zero)
      }
    }
  }

  @Test func anOldTransactionMayNotAppend() async throws {
    try await Logs.with { logs in
      let admin = logs.database.pool(schema: "source")
      defer { admin.close() }
      // What an hour does to now(), without waiting for it.
      try await admin.execute(
        sql("create function now() returns timestamptz language sql as 'select pg_catalog.now() - interval ''2 h'''"))
      let error = await #expect(throws: PostgresError.self) {
        try await admin.transaction(name: "old") { transaction in
          try await transaction.execute(sql("set local search_path = source, pg_catalog"))
          try logs.log.append(
            [NewEvent(key: "k", type: "t", payload: [])], in: transaction, at: instant, tenant: .standard)
        }
      }
      #expect(error?.queryName == "AppendEvents", "\(String(describing: error))")
      #expect(try await logs.reader.readAll(0).isEmpty)
    }
  }

  @Test func payloadsAreKeptAsTheyAreInEachPartition() async throws {
    try await Logs.with { logs in
      let admin = logs.database.pool(schema: "source")
      defer { admin.close() }
      try await admin.execute(sql("select event_maintain(2, 7)"))
      let rows = try await admin.query(
        sql(
          "select attstorage::text as storage from pg_attribute where attname = 'payload' and attrelid in (select inhrelid from pg_inherits where inhparent = 'event'::regclass)"
        ))
      #expect(rows.count >= 4)
      #expect(try rows.allSatisfy { try $0.get("storage", as: String.self) == "e" })
    }
  }
}
