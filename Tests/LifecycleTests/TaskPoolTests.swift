import Core
import Lifecycle
import Synchronization
import Testing

@Suite struct TaskPoolTests {
  @Test func drainWaitsForAllAlsoForThoseSpawnedMeanwhile() async {
    let pool = TaskPool(name: "test")
    let done = Counter()
    pool.spawn {
      for _ in 0..<10 {
        pool.spawn {
          await Task.yield()
          done.add()
        }
      }
      done.add()
    }
    await pool.drain()
    #expect(done.value == 11 && pool.count == 0)
    await pool.drain()
  }

  @Test func cancelAllCancelsThoseThatRunAndThoseThatCome() async {
    let pool = TaskPool(name: "test")
    let cancelled = Counter()
    for _ in 0..<10 { pool.spawn { await untilCancelled(cancelled) } }
    pool.cancelAll()
    pool.spawn { await untilCancelled(cancelled) }
    await pool.drain()
    #expect(cancelled.value == 11)
  }

  @Test func aHandleCancelsItsTaskOnly() async {
    let pool = TaskPool(name: "test")
    let cancelled = Counter()
    let first = pool.spawn(id: "first") { await untilCancelled(cancelled) }
    let second = pool.spawn(id: "second") { await untilCancelled(cancelled) }
    #expect(pool.running == ["first", "second"])
    first.cancel()
    await first.wait()
    #expect(cancelled.value == 1)
    #expect(pool.running == ["second"])
    second.cancel()
    await pool.drain()
  }

  @Test func cancellingTheDrainerCancelsTheTasks() async {
    let pool = TaskPool(name: "test")
    let cancelled = Counter()
    for _ in 0..<3 { pool.spawn { await untilCancelled(cancelled) } }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await pool.drain() }
      group.cancelAll()
    }
    #expect(cancelled.value == 3 && pool.count == 0)
  }

  @Test(arguments: 1...200) func spawningCancellingAndDrainingRace(round: Int) async {
    let pool = TaskPool(name: "test")
    let ended = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<10 { pool.spawn { ended.add() }.cancel() } }
        group.addTask { await pool.drain() }
      }
      if round.isMultiple(of: 2) { group.addTask { pool.cancelAll() } }
    }
    await pool.drain()
    #expect(ended.value == 40 && pool.count == 0)
  }

  @Test func aDrainedPoolIsReleased() async {
    weak var released: TaskPool?
    do {
      let pool = TaskPool(name: "test")
      released = pool
      pool.spawn { await Task.yield() }
      await pool.drain()
    }
    // The task's closure, which holds the pool, may go a moment after the task has ended.
    while released != nil { await Task.yield() }
  }
}

final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func add() { count.withLock { $0 += 1 } }
}

/// Waits for the task's cancellation, and counts it.
func untilCancelled(_ counter: Counter) async {
  let never = BoundedQueue<Never>(capacity: 1)
  do {
    _ = try await never.next()
  } catch {
    counter.add()
  }
}
