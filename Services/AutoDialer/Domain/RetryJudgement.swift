import Core
import Telephony

/// What becomes of a lead after a call. Pure.
struct RetryJudgement: Hashable, Sendable {
  struct Retry: Hashable, Sendable {
    var dueAt: Instant
    /// Place in the queue, see `DialPriority`.
    var rank: Int
    var notAfter: Instant?
    var avoiding: MinuteRange?
  }

  enum Verdict: Hashable, Sendable {
    case retry(Retry)
    case finish(reason: String)
  }

  let verdict: Verdict

  /// - Parameters:
  ///   - campaignIsOver: The campaign was stopped: nothing is tried again.
  ///   - call: The call that has just ended.
  ///   - earlier: All calls to the lead before it that left.
  init(
    outcome: CallOutcome, optedOut: Bool, campaignIsOver: Bool, call: PastCall, earlier: [PastCall],
    rules: CampaignRules, place: LeadPlace, now: Instant
  ) {
    if optedOut {
      verdict = .finish(reason: "opted_out")
      return
    }
    if campaignIsOver && !outcome.isFinalForLead {
      verdict = .finish(reason: "campaign_cancelled")
      return
    }
    let decision = rules.retries.decide(
      after: call, earlier: earlier, maximumCalls: rules.maxCallsPerLead, now: now, window: place.dialWindow(rules),
      zones: place.zones)
    switch decision {
    case .final(.outcomeIsFinal):
      verdict = .finish(reason: outcome.rawValue)
    case .final(let reason):
      verdict = .finish(reason: reason.rawValue)
    case .retry(let notBefore, let notAfter, let avoiding):
      verdict = .retry(
        Retry(
          dueAt: notBefore, rank: DialPriority(lastOutcome: outcome).rank(for: rules.callType), notAfter: notAfter,
          avoiding: avoiding))
    }
  }
}
