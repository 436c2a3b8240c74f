import Core
import Testing

@Suite struct ScaledClockTests {
  let business = Instant(rfc3339: "2026-03-02T09:00:00Z")!
  let real = Instant(rfc3339: "2026-01-01T00:00:00Z")!

  @Test func businessTimeRunsFasterFromItsOrigin() {
    let clock = ScaledClock(scale: 60, businessOrigin: business, realOrigin: real)
    #expect(clock.business(atReal: real) == business)
    #expect(clock.business(atReal: real + .seconds(1)) == business + .minutes(1))
    #expect(clock.business(atReal: real - .seconds(1)) == business - .minutes(1))
    #expect(clock.realDuration(of: .hours(1)) == .minutes(1))
  }

  @Test func scaleOneOnlyShifts() {
    let clock = ScaledClock(scale: 1, businessOrigin: business, realOrigin: real)
    #expect(clock.business(atReal: real + .microseconds(7)) == business + .microseconds(7))
  }

  @Test func realTimeIsTheWallClock() {
    let before = Instant.wallClock()
    let now = ScaledClock().now()
    #expect(before <= now && now <= Instant.wallClock())
  }

  @Test func sleepEndsNoEarlierThanItsDeadline() async throws {
    let clock = ScaledClock(scale: 100_000, businessOrigin: business, realOrigin: .wallClock())
    let deadline = clock.now() + .minutes(5)
    try await clock.sleep(until: deadline)
    #expect(clock.now() >= deadline)
  }

  @Test func sleepIsCancellable() async {
    let clock = ScaledClock()
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do {
          try await clock.sleep(for: .days(100))
          return false
        } catch {
          return error is CancellationError
        }
      }
      group.cancelAll()
      #expect(await group.next() == true)
    }
  }
}

@Suite struct ManualClockTests {
  let start = Instant(rfc3339: "2026-03-02T09:00:00Z")!

  @Test func sleepersResumeInOrderOfDeadline() async throws {
    let clock = ManualClock(start)
    let order = BoundedQueue<Int>(capacity: 10)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seconds in [3, 1, 2] {
        group.addTask {
          try await clock.sleep(for: .seconds(seconds))
          _ = order.offer(seconds)
        }
      }
      await clock.waitForSleepers(3)
      #expect(clock.nextDeadline == start + .seconds(1))
      for expected in 1...3 {
        clock.advance(by: .seconds(1))
        let resumed = try await order.next()
        #expect(resumed == expected)
      }
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test func aDeadlineThatHasPassedDoesNotWait() async throws {
    let clock = ManualClock(start)
    try await clock.sleep(until: start)
    try await clock.sleep(until: start - .seconds(1))
  }

  @Test func cancellingWakesTheSleeper() async {
    let clock = ManualClock(start)
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do {
          try await clock.sleep(for: .seconds(1))
          return false
        } catch {
          return error is CancellationError
        }
      }
      await clock.waitForSleepers()
      group.cancelAll()
      #expect(await group.next() == true)
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test(arguments: 1...50) func cancellingRacesWithAdvancing(round: Int) async {
    let clock = ManualClock(start)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { try? await clock.sleep(for: .seconds(1)) } }
      group.addTask { clock.advance(by: .seconds(2)) }
      group.cancelAll()
    }
    #expect(clock.sleeperCount == 0)
  }
}
