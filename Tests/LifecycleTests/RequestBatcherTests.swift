import Core
import Synchronization
import Testing

@testable import Lifecycle

@Suite struct RequestBatcherTests {
  private struct Refused: Error {}

  /// Holds the first batch until the gate is opened, and remembers all batches.
  private final class Work: Sendable {
    let batches = Mutex<[[Int]]>([])
    let began = BoundedQueue<Void>(capacity: 1)
    let gate = BoundedQueue<Never>(capacity: 1)

    func answer(_ requests: [Int]) async throws -> [Result<Int, any Error>] {
      let isFirst = batches.withLock { batches in
        batches.append(requests)
        return batches.count == 1
      }
      if isFirst {
        _ = began.offer(())
        _ = try await gate.next()
      }
      return requests.map { $0 < 0 ? .failure(Refused()) : .success($0 * 2) }
    }
  }

  @Test func whatComesMeanwhileSharesTheNextBatch() async throws {
    let work = Work()
    let batcher = RequestBatcher(name: "test", most: 3, pace: .zero) { try await work.answer($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await batcher.run() }
      group.addTask {
        let answer = try await batcher.ask(1)
        #expect(answer == 2)
      }
      _ = try await work.began.next()
      for request in [2, -3, 4, 5] {
        group.addTask {
          if request < 0 {
            await #expect(throws: Refused.self) { try await batcher.ask(request) }
          } else {
            let answer = try await batcher.ask(request)
            #expect(answer == request * 2)
          }
        }
      }
      while batcher.count < 4 { await Task.yield() }
      work.gate.close()
      while batcher.count > 0 { await Task.yield() }
      await batcher.drain()
      try await group.waitForAll()
    }
    let batches = work.batches.withLock { $0 }
    #expect(batches.map(\.count) == [1, 3, 1])
    #expect(batches.flatMap { $0 }.sorted() == [-3, 1, 2, 4, 5])
  }

  @Test func anErrorIsEverybodysAnswerAndTheEndIsTold() async throws {
    let batcher = RequestBatcher<Int, Int>(name: "test", most: 10, pace: .zero) { _ in throw Refused() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await batcher.run() }
      await #expect(throws: Refused.self) { try await batcher.ask(1) }
      await batcher.drain()
      try await group.waitForAll()
    }
    await #expect(throws: BatcherEnded.self) { try await batcher.ask(2) }
  }

  @Test func cancelledWithWorkLeftItAnswersAll() async throws {
    let work = Work()
    let batcher = RequestBatcher(name: "test", most: 1, pace: .zero) { try await work.answer($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      let running = Task { try await batcher.run() }
      group.addTask { await #expect(throws: CancellationError.self) { try await batcher.ask(1) } }
      _ = try await work.began.next()
      group.addTask { await #expect(throws: BatcherEnded.self) { try await batcher.ask(2) } }
      while batcher.count < 1 { await Task.yield() }
      running.cancel()
      try await group.waitForAll()
    }
  }
}
