/// What came of a call for its lead.
public enum CallOutcome: String, Hashable, Sendable, CaseIterable {
  /// Spoke, and the score reached the campaign's minimum.
  case qualified
  /// Spoke, and the score stayed below it.
  case unqualified
  /// Spoke, and asked to be called at another time.
  case callbackRequested = "callback_requested"
  /// Spoke, and declined or opted out.
  case notInterested = "not_interested"
  /// Whoever answered is not the lead.
  case wrongNumber = "wrong_number"
  /// A machine answered.
  case voicemail
  case noAnswer = "no_answer"
  case busy
  /// The network, the provider or this system failed.
  case failed

  /// Whether the dialer is done with the lead, whatever the retry policy says. After the others the policy decides.
  public var isFinalForLead: Bool {
    switch self {
    case .qualified, .unqualified, .callbackRequested, .notInterested, .wrongNumber, .voicemail: true
    case .noAnswer, .busy, .failed: false
    }
  }

  /// Whether a person spoke.
  public var reachedPerson: Bool {
    switch self {
    case .qualified, .unqualified, .callbackRequested, .notInterested, .wrongNumber: true
    case .voicemail, .noAnswer, .busy, .failed: false
    }
  }
}
