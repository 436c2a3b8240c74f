/// In which order leads that may be called now are called.
public enum DialPriority: Hashable, Sendable, CaseIterable {
  /// Leads that nobody has called yet come first.
  case neverCalled
  /// Then those whose last call failed, once their retry is due: nobody has bothered them yet.
  case failedRetry
  /// Then those who did not answer or were busy, the longest-waiting first (which is the order of their due time).
  case noAnswerRetry

  /// The priority of a lead whose last call ended with `outcome`; nil stands for no call so far.
  public init(lastOutcome outcome: CallOutcome?) {
    switch outcome {
    case nil: self = .neverCalled
    case .failed: self = .failedRetry
    case .noAnswer, .busy: self = .noAnswerRetry
    case .qualified, .unqualified, .callbackRequested, .notInterested, .wrongNumber, .voicemail:
      self = .noAnswerRetry  // Such a lead is called again by somebody's wish only, after those who wait.
    }
  }

  /// The place in the queue, 0 to 8; a lower number is called first. Stored with a task, so never renumber.
  ///
  /// Within a priority, confirmations come before follow-ups, and the other types between them.
  public func rank(for type: CallType) -> Int {
    let place =
      switch type {
      case .confirmAppointment: 0
      case .qualifyLead, .consumerCallback: 1
      case .followUp: 2
      }
    return level * 3 + place
  }

  private var level: Int {
    switch self {
    case .neverCalled: 0
    case .failedRetry: 1
    case .noAnswerRetry: 2
    }
  }
}
