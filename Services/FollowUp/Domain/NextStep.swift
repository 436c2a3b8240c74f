import Telephony

/// What has to follow a call, decided from its outcome alone. Pure.
struct NextStep: Hashable, Sendable {
  /// Which email campaign fits the lead now.
  enum EmailCampaign: String, Sendable {
    /// Nobody was reached yet.
    case cold
    /// Calls failed to reach a person who had been in touch.
    case warmReconnect = "warm_reconnect"
    /// A conversation took place.
    case followUp = "follow_up"
    /// A message is waiting on their machine.
    case voicemailNurture = "voicemail_nurture"
    /// Nothing may be sent.
    case none
  }

  var emailCampaign: EmailCampaign
  /// schedule_demo, send_proposal, send_calendar_invite, nurture, callback or none.
  var action: String
  /// Why, for people.
  var reason: String

  /// - Parameters:
  ///   - outcome: What the call came to.
  ///   - optedOut: The person asked never to be contacted again: nothing follows, whatever the outcome.
  ///   - attemptNumber: Which call at this lead it was, from 1.
  ///   - scoredAction: What the qualification proposes; nil without a conversation.
  static func decide(outcome: CallOutcome, optedOut: Bool, attemptNumber: Int, scoredAction: String?) -> NextStep {
    if optedOut {
      return NextStep(emailCampaign: .none, action: "none", reason: "asked not to be contacted again")
    }
    switch outcome {
    case .qualified:
      return NextStep(
        emailCampaign: .followUp, action: scoredAction ?? "schedule_demo", reason: "qualified in the call")
    case .unqualified:
      return NextStep(
        emailCampaign: .followUp, action: scoredAction ?? "nurture", reason: "spoke, below the minimum score")
    case .callbackRequested:
      return NextStep(emailCampaign: .followUp, action: "callback", reason: "asked to be called at another time")
    case .notInterested:
      return NextStep(emailCampaign: .none, action: "none", reason: "declined")
    case .wrongNumber:
      return NextStep(emailCampaign: .none, action: "none", reason: "the number is not the lead's")
    case .voicemail:
      return NextStep(emailCampaign: .voicemailNurture, action: "nurture", reason: "a machine answered")
    case .noAnswer, .busy, .failed:
      let reached = attemptNumber > 1
      return NextStep(
        emailCampaign: reached ? .warmReconnect : .cold, action: "none",
        reason: reached ? "not reached in \(attemptNumber) calls" : "not reached yet")
    }
  }

  /// An email of a campaign's sequence.
  ///
  /// - Parameter outcome: Of the last call; nil before the first.
  static func email(step: Int, outcome: CallOutcome?, attempts: Int) -> NextStep {
    let reason = "step \(step) of the campaign's sequence"
    guard let outcome else { return NextStep(emailCampaign: .cold, action: "send_email", reason: reason) }
    let after = decide(outcome: outcome, optedOut: false, attemptNumber: attempts, scoredAction: nil)
    return NextStep(
      emailCampaign: after.emailCampaign, action: after.emailCampaign == .none ? "none" : "send_email", reason: reason)
  }
}
