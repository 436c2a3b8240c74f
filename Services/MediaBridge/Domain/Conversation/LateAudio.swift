/// Drops audio that waited too long because the other side did not take it. Pure.
///
/// Old words are worse than lost ones: a conversation that lags stays behind for good. Audio counts as late for as long as
/// the sender was held up, when that was longer than `limit`.
struct LateAudio: Hashable, Sendable {
  /// Real time for which a send may be held up.
  static let limit = Duration.seconds(2)

  /// Milliseconds of the call up to which audio is not sent.
  private var dropUntil = 0

  /// Whether audio of this moment of the call is worth sending.
  func isLate(_ time: Int) -> Bool { time < dropUntil }

  /// A send took `held`, while the call went on for `passed` milliseconds of its own time.
  mutating func sent(held: Duration, passed: Int, at time: Int) {
    if held > Self.limit { dropUntil = time + passed }
  }
}
