import Core
import Logging
import Synchronization
import Testing

@testable import Lifecycle

@Suite struct RoundsTests {
  private struct Broken: Error {}

  /// What is left is done at once, a failure ends nothing, and draining ends it with the round that is under way.
  @Test func roundsGoOnUntilDrained() async {
    let made = Mutex(0)
    let (drained, stop) = AsyncStream.makeStream(of: Void.self)
    let rounds = Rounds(
      "rounds", every: .zero, afterFailure: .zero, logger: .discarding, failure: "a round failed"
    ) {
      let number = made.withLock { made in
        made += 1
        return made
      }
      if number == 2 { throw Broken() }
      if number == 5 {
        stop.finish()
        await Task.yield()
      }
      return number < 3
    }
    await withDiscardingTaskGroup { group in
      group.addTask { await rounds.run() }
      for await _ in drained {}
      await rounds.drain()
    }
    #expect(made.withLock { $0 } >= 5)
  }

  @Test func oneThatFailsTakesNoOthersTurn() async {
    struct Bad: Error, Equatable {
      var number: Int
    }
    var seen: [Int] = []
    await #expect(throws: Bad(number: 2)) {
      try await Rounds.each(1...5) { number in
        seen.append(number)
        if number % 2 == 0 { throw Bad(number: number) }
      }
    }
    #expect(seen == [1, 2, 3, 4, 5])
  }

  @Test func cancellingEndsARoundThatWaits() async {
    let (began, beginning) = AsyncStream.makeStream(of: Void.self)
    let rounds = Rounds("rounds", every: .seconds(3600), logger: .discarding, failure: "a round failed") {
      beginning.finish()
      await Signal().wait()  // Until cancelled.
      return true
    }
    await withDiscardingTaskGroup { group in
      group.addTask { await rounds.run() }
      for await _ in began {}
      group.cancelAll()
    }
  }
}
