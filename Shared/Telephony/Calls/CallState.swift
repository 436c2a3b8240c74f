/// Where a call stands at the provider.
public enum CallState: String, Hashable, Sendable, CaseIterable {
  /// Known here, not yet asked of the provider. Anything may follow; a call whose first reports were lost jumps ahead.
  case pending
  /// The provider has accepted it. Anything later may follow.
  case initiated
  /// The called party's line rings. Anything later may follow.
  case ringing
  /// Answered. Only an ending may follow that an answered call can have: not `noAnswer`, not `busy`.
  case inProgress = "in_progress"
  /// A conversation that ended. Nothing follows.
  case completed
  /// A machine answered. Nothing follows.
  case voicemail
  /// It rang until the limit. Nothing follows.
  case noAnswer = "no_answer"
  /// The line was busy, or the call was declined. Nothing follows.
  case busy
  /// The network, the provider or this system failed. Nothing follows.
  case failed
  /// Ended by this side before a conversation was over. Nothing follows.
  case cancelled

  /// Whether the call is over.
  public var isTerminal: Bool { progress == nil }

  /// Whether a report of `next` is news for a call in this state.
  ///
  /// Reports arrive late, twice and out of order: one that is not news is to be kept as a fact and otherwise ignored.
  public func canBecome(_ next: CallState) -> Bool {
    guard let progress else { return false }
    guard let later = next.progress else { return self != .inProgress || (next != .noAnswer && next != .busy) }
    return later > progress
  }

  /// Order among the states of a live call.
  private var progress: Int? {
    switch self {
    case .pending: 0
    case .initiated: 1
    case .ringing: 2
    case .inProgress: 3
    case .completed, .voicemail, .noAnswer, .busy, .failed, .cancelled: nil
    }
  }
}
