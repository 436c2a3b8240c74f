/// Calls or results that are about to come together. Pure.
///
/// An answer with many results wakes as many callers, and most of them call again at once; a message with many calls
/// starts as many handlers, and the quick ones end at once. What they have to say goes out with the last of them, in one
/// message. Two things bound the wait: a job behind them in the executor's queue ends the wave when some of them had
/// nothing to say, and so does whoever comes when it has lasted too long, because they are slow.
struct Wave {
  /// A wave that lasts longer, in nanoseconds, is not worth waiting for.
  private static var patience: UInt64 { 1_000_000 }

  private var expected = 0
  private var began: UInt64 = 0

  /// Whether to hold back what is ready.
  var isRunning: Bool { expected > 0 }

  /// `count` more are on their way.
  mutating func begin(_ count: Int, at now: UInt64) {
    if !isRunning {
      began = now
    }
    expected += count
  }

  /// One has come.
  mutating func arrive(at now: UInt64) {
    guard isRunning else { return }
    expected = now > began &+ Wave.patience ? 0 : expected - 1
  }

  mutating func end() {
    expected = 0
  }
}
