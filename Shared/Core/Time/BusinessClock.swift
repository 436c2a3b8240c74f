/// Tells business time. The one source of "now" for every decision; nothing else reads a clock.
public protocol BusinessClock: Sendable {
  func now() -> Instant

  /// Returns once `now()` has reached `deadline`, at once if it has.
  ///
  /// Throws: `CancellationError` when the task is cancelled.
  func sleep(until deadline: Instant) async throws

  /// How long `business` lasts on the wall clock, for timers of libraries and the operating system.
  func realDuration(of business: Duration) -> Duration
}

extension BusinessClock {
  /// Sleeps until `duration` of business time has passed. Throws `CancellationError`.
  public func sleep(for duration: Duration) async throws {
    try await sleep(until: now() + duration)
  }
}
