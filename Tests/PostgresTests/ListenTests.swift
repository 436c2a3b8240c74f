import Postgres
import TestSupport
import Testing

@Suite struct ListenTests {
  @Test func messagesArriveAlsoAfterTheConnectionWasLost() async throws {
    try await withPool { pool in
      let stream = try pool.listen(channel: "doorbell")
      var notifications = stream.makeAsyncIterator()
      #expect(await notifications.next() == .listening)
      try await pool.execute(sql("select pg_notify('doorbell', 'one')"))
      #expect(await notifications.next() == .message("one"))
      try await pool.execute(
        sql(
          "select pg_terminate_backend(pid, 5000) from pg_stat_activity where query like 'listen%' and datname = current_database()"
        ))
      #expect(await notifications.next() == .listening)
      try await pool.execute(sql("select pg_notify('doorbell', 'two')"))
      #expect(await notifications.next() == .message("two"))
      pool.close()
      #expect(await notifications.next() == nil)
    }
  }

  @Test func aListenerThatGoesFreesItsConnection() async throws {
    try await withPool { pool in
      let find = sql("select 1 from pg_stat_activity where query like 'listen%' and datname = current_database()")
      do {
        let stream = try pool.listen(channel: "doorbell")
        for await notification in stream {
          #expect(notification == .listening)
          break
        }
        #expect(try await pool.query(find).count == 1)
      }
      while try await !pool.query(find).isEmpty { await Task.yield() }
    }
  }
}
