import Core
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct TransactionTests {
  private struct Stop: Error {}

  @Test func itCommitsOrUndoesAsOne() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      let rang = Mutex<[String]>([])
      let value = try await pool.transaction(name: "good") { transaction in
        try await transaction.execute(sql("insert into t values (1)"))
        transaction.onCommit { rang.withLock { $0.append("good") } }
        #expect(rang.withLock { $0 }.isEmpty)
        return 7
      }
      #expect(value == 7)
      await #expect(throws: Stop.self) {
        try await pool.transaction(name: "bad") { transaction in
          try await transaction.execute(sql("insert into t values (2)"))
          transaction.onCommit { rang.withLock { $0.append("bad") } }
          throw Stop()
        }
      }
      #expect(try await pool.query(sql("select id from t")).map { try $0.get("id", as: Int.self) } == [1])
      #expect(rang.withLock { $0 } == ["good"])
    }
  }

  @Test func whatGoesWithCommitIsPartOfIt() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint primary key)"))
      let insert = sql("insert into t values ($1)", "insert")
      try await pool.transaction(name: "alone") { transaction in
        try transaction.runWithCommit([PostgresStatement(insert, 1)])
        try transaction.runWithCommit([PostgresStatement(insert, 2)])
        #expect(try await pool.query(sql("select id from t")).isEmpty)
      }
      let rang = Tally()
      let error = await postgresError {
        try await pool.transaction(name: "failing") { transaction in
          try await transaction.execute(insert, 3)
          transaction.onCommit { rang.add() }
          try transaction.runWithCommit([PostgresStatement(insert, 4), PostgresStatement(insert, 1)])
        }
      }
      #expect(error?.code == .conflict || error?.code == .constraint, "\(String(describing: error))")
      #expect(error?.queryName == "insert" && rang.value == 0)
      // What others are in the way of is tried again as a whole.
      let attempts = Tally()
      try await pool.transaction(name: "again") { transaction in
        let fails = attempts.add() < 3 ? "do $$ begin raise sqlstate '40001'; end $$" : "select 1"
        try transaction.runWithCommit([
          PostgresStatement(insert, 5), PostgresStatement(sql(fails, "fails\(attempts.value)")),
        ])
      }
      #expect(
        try await pool.query(sql("select id from t order by 1")).map { try $0.get("id", as: Int.self) } == [1, 2, 5])
    }
  }

  @Test func aSwallowedFailureDoesNotPassForSuccess() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint primary key)"))
      let error = await postgresError {
        try await pool.transaction(name: "swallow") { transaction in
          try await transaction.execute(sql("insert into t values (1)"))
          _ = await postgresError { try await transaction.execute(sql("insert into t values (1)")) }
        }
      }
      #expect(error?.code == .server)
      #expect(try await pool.query(sql("select * from t")).isEmpty)
    }
  }

  @Test func itIsOverWhenItsClosureReturns() async throws {
    try await withPool { pool in
      let kept = try await pool.transaction(name: "kept") { transaction in
        _ = try await transaction.query(sql("select 1"))
        return transaction
      }
      do {
        let failure = await postgresError { try await kept.query(sql("select 1")) }
        #expect(failure?.code == .syntax)
      }
    }
  }

  @Test func childTasksShareIt() async throws {
    struct Undo: Error {}
    try await withPool(size: 1) { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      // Whichever of them is first, none runs ahead of BEGIN.
      for _ in 0..<50 {
        await #expect(throws: Undo.self) {
          try await pool.transaction(name: "race") { transaction in
            try await withThrowingTaskGroup { group in
              for id in 0..<4 { group.addTask { try await transaction.execute(sql("insert into t values ($1)"), id) } }
              try await group.waitForAll()
            }
            throw Undo()
          }
        }
      }
      #expect(try await pool.query(sql("select * from t")).isEmpty)
      let sum = try await pool.transaction(name: "children") { transaction in
        try await withThrowingTaskGroup(of: Int.self) { group in
          for number in 1...50 {
            group.addTask { try await transaction.query(sql("select $1 as n"), number)[0].get("n") }
          }
          return try await group.reduce(0, +)
        }
      }
      #expect(sum == 1275)
    }
  }

  @Test(arguments: [TransactionIsolation.repeatableRead, .serializable])
  func writersInEachOthersWayAreRepeatedUntilAllCount(isolation: TransactionIsolation) async throws {
    try await withPool(size: 4) { pool in
      try await pool.execute(sql("create table t as select 0::bigint as n"))
      let attempts = Tally()
      try await withThrowingTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            try await pool.transaction(isolation: isolation, name: "increment", retries: 100) { transaction in
              attempts.add()
              let n: Int = try await transaction.query(sql("select n from t"))[0].get("n")
              try await transaction.execute(sql("update t set n = $1"), n + 1)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await pool.query(sql("select n from t"))[0].get("n") == 20)
      #expect(attempts.value >= 20)
    }
  }

  @Test func aDeadlockIsBroken() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t as select i as id, 0 as n from generate_series(1, 2) i"))
      let update = sql("update t set n = n + 1 where id = $1")
      let meetings = Tally()
      try await withThrowingTaskGroup { group in
        for order in [[1, 2], [2, 1]] {
          group.addTask {
            try await pool.transaction(name: "deadlock") { transaction in
              try await transaction.execute(update, order[0])
              meetings.add()
              while meetings.value < 2 { await Task.yield() }
              try await transaction.execute(update, order[1])
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await pool.query(sql("select sum(n) as n from t where n = 2"))[0].get("n") == 4)
    }
  }

  @Test func aLostConnectionBeforeCommitIsRepeated() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      let attempts = Tally()
      try await pool.transaction(name: "lost") { transaction in
        let attempt = attempts.add()
        try await transaction.execute(sql("insert into t values ($1)"), attempt)
        if attempt < 3 { try await transaction.execute(sql("select pg_terminate_backend(pg_backend_pid())")) }
      }
      #expect(try await pool.query(sql("select id from t")).map { try $0.get("id", as: Int.self) } == [3])
    }
  }

  @Test func aConnectionLostAtCommitLeavesItsFateOpen() async throws {
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      try await pool.execute(
        sql(
          "create function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(60); return null; end $$"
        ))
      try await pool.execute(
        sql(
          "create constraint trigger dies after insert on t deferrable initially deferred for each row execute function die()"
        ))
      let attempts = Tally()
      let error = await postgresError {
        try await pool.transaction(name: "lost") { transaction in
          attempts.add()
          try await transaction.execute(sql("insert into t values (1)"))
        }
      }
      #expect(error?.code == .commitUnknown)
      #expect(error?.queryName == "commit")
      #expect(attempts.value == 1)
    }
  }

  @Test func retriesEnd() async throws {
    try await withPool { pool in
      let attempts = Tally()
      let error = await postgresError {
        try await pool.transaction(name: "never", retries: 2) { transaction in
          attempts.add()
          try await transaction.execute(sql("do $$ begin raise sqlstate '40001'; end $$"))
        }
      }
      #expect(error?.code == .serialization)
      #expect(attempts.value == 3)
    }
  }

  @Test func aBeginningThatWasCancelledIsMadeUpFor() async throws {
    struct Undo: Error {}
    try await withPool { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      await #expect(throws: Undo.self) {
        try await pool.transaction(name: "cancelled beginning") { transaction in
          let first = Task {
            while !Task.isCancelled { await Task.yield() }
            try await transaction.execute(sql("insert into t values (1)"))
          }
          first.cancel()
          let ended = await first.result
          #expect(throws: CancellationError.self) { try ended.get() }
          try await transaction.execute(sql("insert into t values (2)"))
          throw Undo()
        }
      }
      #expect(try await pool.query(sql("select * from t")).isEmpty)
    }
  }

  @Test func cancellingUndoes() async throws {
    try await withPool(size: 2) { pool in
      try await pool.execute(sql("create table t (id bigint)"))
      let isInside = Tally()
      let task = Task {
        try await pool.transaction(name: "cancelled") { transaction in
          try await transaction.execute(sql("insert into t values (1)"))
          isInside.add()
          while !Task.isCancelled { await Task.yield() }
        }
      }
      while isInside.value == 0 { await Task.yield() }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(try await pool.query(sql("select * from t")).isEmpty)
    }
  }

  @Test func anActorsClosureStaysOnTheActor() async throws {
    actor Counter {
      var total = 0
      func count(_ pool: PostgresPool) async throws -> Int {
        try await pool.transaction(name: "actor") { transaction in
          total += try await transaction.query(sql("select 5 as n"))[0].get("n", as: Int.self)
          return total
        }
      }
    }
    try await withPool { pool in
      let total = try await Counter().count(pool)
      #expect(total == 5)
    }
  }
}
