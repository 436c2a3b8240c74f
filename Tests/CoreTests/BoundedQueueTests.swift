import Core
import Synchronization
import Testing

@Suite struct BoundedQueueTests {
  private final class Taken: Sendable {
    let values = Mutex<[Int]>([])
  }

  @Test func keepsOrderAndRefusesBeyondItsCapacity() async throws {
    let queue = BoundedQueue<Int>(capacity: 2)
    #expect(queue.offer(1) && queue.offer(2))
    #expect(!queue.offer(3))
    #expect(queue.count == 2)
    #expect(try await queue.next() == 1)
    #expect(queue.poll() == 2)
    #expect(queue.poll() == nil)
  }

  @Test func closingLeavesWhatWasQueuedAndThenNothing() async throws {
    let queue = BoundedQueue<Int>(capacity: 2)
    #expect(queue.offer(1))
    queue.close()
    queue.close()
    #expect(!queue.offer(2))
    await #expect(throws: QueueClosed.self) { try await queue.put(2) }
    #expect(try await queue.next() == 1)
    #expect(try await queue.next() == nil)
  }

  @Test func waitingProducersKeepTheirOrder() async throws {
    let queue = BoundedQueue<Int>(capacity: 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for value in 0..<500 { try await queue.put(value) } }
      for value in 0..<500 {
        let taken = try await queue.next()
        #expect(taken == value)
      }
    }
  }

  @Test(arguments: UInt64(1)...20) func nothingIsLostOrDoubled(seed: UInt64) async throws {
    let queue = BoundedQueue<Int>(capacity: 1 + Int(seed % 5))
    let taken = Taken()
    try await withThrowingTaskGroup(of: Void.self) { group in
      try await withThrowingTaskGroup(of: Void.self) { producers in
        for _ in 0..<3 {
          group.addTask { while let value = try await queue.next() { taken.values.withLock { $0.append(value) } } }
        }
        for producer in 0..<4 {
          producers.addTask { for value in 0..<100 { try await queue.put(producer * 100 + value) } }
        }
        try await producers.waitForAll()
      }
      queue.close()
    }
    #expect(taken.values.withLock { $0.sorted() } == Array(0..<400))
  }

  @Test(arguments: 1...50) func aCancelledPutOrNextChangesNothing(round: Int) async throws {
    let queue = BoundedQueue<Int>(capacity: 1)
    let added = Taken()
    let taken = Taken()
    await withTaskGroup(of: Void.self) { group in
      for value in 0..<20 {
        group.addTask { if (try? await queue.put(value)) != nil { added.values.withLock { $0.append(value) } } }
        group.addTask {
          if let value = try? await queue.next() { taken.values.withLock { $0.append(value) } }
        }
      }
      group.cancelAll()
    }
    while let value = queue.poll() { taken.values.withLock { $0.append(value) } }
    #expect(added.values.withLock { $0.sorted() } == taken.values.withLock { $0.sorted() })
  }

  @Test func closingWakesThoseWhoWait() async {
    let queue = BoundedQueue<Int>(capacity: 1)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<5 { group.addTask { (try? await queue.next()) == .some(nil) } }
      queue.close()
      for await ended in group { #expect(ended) }
    }
  }

  @Test func ringBufferGrowsInOrder() {
    var buffer = RingBuffer<Int>()
    var expected = 0
    for value in 0..<1_000 {
      buffer.append(value)
      if value % 3 == 0 {
        #expect(buffer.popFirst() == expected)
        expected += 1
      }
    }
    while let value = buffer.popFirst() {
      #expect(value == expected)
      expected += 1
    }
    #expect(expected == 1_000 && buffer.isEmpty)
  }
}
