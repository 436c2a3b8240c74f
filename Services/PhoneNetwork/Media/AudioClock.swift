import Core

/// The time that audio runs on: business time, except that it never makes up for a stall.
///
/// When the process is held up, or the machine cannot keep pace with a scaled clock, audio time falls behind for good
/// instead of bursting, so that conversations are slow and never garbled. Pure.
struct AudioClock: Hashable, Sendable {
  /// The most that one step advances.
  let longestStep: Duration
  private var last: Instant
  /// Audio time since the clock was made.
  private(set) var elapsed = Duration.zero

  init(start: Instant, longestStep: Duration) {
    last = start
    self.longestStep = longestStep
  }

  /// - Parameters:
  ///   - now: Business time; a step back counts as none.
  ///   - delay: How late audio reaches the voice engine, in business time. Audio slows down so that it is late by
  ///     `longestDelay` of its own time at most: people find a conversation normal until then.
  mutating func advance(to now: Instant, delay: Duration) {
    let step = min(max(.zero, last.duration(to: now)), longestStep)
    elapsed += delay > AudioClock.longestDelay ? step * (AudioClock.longestDelay / delay) : step
    last = now
  }

  private static let longestDelay = Duration.milliseconds(500)
}

extension AudioClock {
  /// Lets time pass that nobody listened in.
  mutating func skip(to now: Instant) { last = now }
}

/// How many frames of one call are due. A call whose socket is stuck lets its frames go by: its conversation waits. Pure.
struct FrameSchedule: Hashable, Sendable {
  private let start: Duration
  private var frames = 0

  /// - Parameter start: Audio time at which the call's audio begins.
  init(start: Duration) {
    self.start = start
  }

  /// Frames that became due since this was last asked.
  mutating func due(at audioTime: Duration) -> Int {
    let due = AudioFrame.count(in: max(.zero, audioTime - start)) - frames
    frames += max(0, due)
    return max(0, due)
  }
}
