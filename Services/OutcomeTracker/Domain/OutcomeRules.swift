import Telephony

/// What a call came to: a pure function of its facts and of what was said. Versioned, so that history can be decided
/// again and an old decision can be told from a new one.
struct OutcomeDecision: Hashable, Sendable {
  /// How the person ended the conversation, as the scorer heard it.
  enum Disposition: Hashable, Sendable {
    case conversed(qualified: Bool, score: Int)
    case declined, optedOut, wrongPerson, callback, machine, silent
  }

  static let rulesVersion = 2

  var outcome: CallOutcome
  /// For people.
  var reason: String
  var optedOut = false
  /// The number takes no calls; another call would end the same way.
  var permanent = false

  /// Whether a conversation may have taken place, so that the scorer has to be asked.
  static func needsScore(_ facts: CallFacts) -> Bool { facts.wasAnswered && !isMachine(facts) }

  /// - Parameter disposition: What was said; nil when nobody spoke with a person (see `needsScore`).
  init(_ facts: CallFacts, disposition: Disposition?) {
    self.init(outcome: .failed, reason: "")
    if Self.isMachine(facts) {
      (outcome, reason) = (.voicemail, "a machine answered (\(facts.answeredBy ?? ""))")
    } else if facts.wasAnswered {
      self = Self.answered(disposition ?? .silent, brokeOff: facts.brokeOff)
    } else {
      self = Self.unanswered(facts)
    }
  }

  private init(outcome: CallOutcome, reason: String, optedOut: Bool = false, permanent: Bool = false) {
    self.outcome = outcome
    self.reason = reason
    self.optedOut = optedOut
    self.permanent = permanent
  }

  private static func isMachine(_ facts: CallFacts) -> Bool { facts.answeredBy?.hasPrefix("machine") ?? false }

  private static func answered(_ disposition: Disposition, brokeOff: Bool) -> OutcomeDecision {
    switch disposition {
    case .conversed(true, let score):
      OutcomeDecision(outcome: .qualified, reason: "score \(score) reached the minimum")
    case .conversed(false, let score):
      OutcomeDecision(outcome: .unqualified, reason: "score \(score) is below the minimum")
    case .declined: OutcomeDecision(outcome: .notInterested, reason: "declined the offer")
    case .optedOut: OutcomeDecision(outcome: .notInterested, reason: "asked not to be called again", optedOut: true)
    case .wrongPerson: OutcomeDecision(outcome: .wrongNumber, reason: "the person reached is not the lead")
    case .callback: OutcomeDecision(outcome: .callbackRequested, reason: "asked to be called at another time")
    case .machine: OutcomeDecision(outcome: .voicemail, reason: "a machine spoke")
    case .silent where brokeOff:
      // Our doing: nobody has said no.
      OutcomeDecision(outcome: .failed, reason: "the conversation broke off before anything was said")
    case .silent: OutcomeDecision(outcome: .notInterested, reason: "answered and hung up without a word")
    }
  }

  /// SIP codes of a number that is not in use or takes no calls: not found, gone, address incomplete, does not exist
  /// anywhere (RFC 3261 section 21).
  private static let permanentCodes: Set = [404, 410, 484, 604]
  /// Errors of a request to place a call that name the number itself (Twilio's error dictionary).
  private static let invalidNumberErrors: Set = ["21201", "21211", "21214", "21217"]

  private static func unanswered(_ facts: CallFacts) -> OutcomeDecision {
    switch facts.providerStatus {
    case "busy": return OutcomeDecision(outcome: .busy, reason: "the line was busy")
    case "no-answer": return OutcomeDecision(outcome: .noAnswer, reason: "nobody answered")
    case "canceled": return OutcomeDecision(outcome: .failed, reason: "cancelled while it rang")
    case "failed" where facts.sipCode == 480:
      return OutcomeDecision(outcome: .noAnswer, reason: "the phone cannot be reached now (SIP 480)")
    case "failed":
      let permanent = facts.sipCode.map(permanentCodes.contains) ?? false
      let code = facts.sipCode.map { " (SIP \($0))" } ?? ""
      return OutcomeDecision(
        outcome: .failed, reason: permanent ? "the number is not in use\(code)" : "the network failed\(code)",
        permanent: permanent)
    default:
      let failure = facts.failure ?? "no_terminal_event"
      return OutcomeDecision(
        outcome: .failed, reason: "could not be called: \(failure)",
        permanent: invalidNumberErrors.contains(failure))
    }
  }
}
