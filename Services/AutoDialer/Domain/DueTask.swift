import Core
import Telephony

/// A waiting lead whose turn has come, as the queue holds it.
struct DueTask: Sendable {
  var lead: LeadID
  /// Attempts numbered so far, the withdrawn among them.
  var attempts: Int
  var withdrawn: Int
  /// A retry that must be made on its day ends here.
  var notAfter: Instant?
  /// Minutes of the local day that a retry stays away from.
  var avoiding: MinuteRange?

  /// Attempts that left and so count against the campaign's maximum.
  var made: Int { attempts - withdrawn }
  /// Numbers are never used twice: a call's id derives from its number.
  var nextNumber: Int { attempts + 1 }

  /// Whether the lead may be called now.
  func decide(rules: CampaignRules, place: LeadPlace, now: Instant) -> DialDecision {
    if let notAfter, now >= notAfter { return .never(reason: RetryDecision.FinalReason.dayIsOver.rawValue) }
    let window = place.dialWindow(rules)
    return DialDecision.decide(
      rules: rules, place: place, attempts: made, window: avoiding.map(window.avoiding) ?? window, now: now)
  }
}
