import Core

/// What keeps a campaign from dialing at this moment, in one sentence. Pure.
struct CampaignStanding: Sendable {
  var state: String
  var rules: CampaignRules
  /// Nil where the campaign has no counters yet.
  var allowance: Allowance?
  var leads: Int
  var waiting: Int
  /// Waiting leads whose time has come.
  var due: Int
  var inFlight: Int
  var nextDueAt: Instant?
  /// Of the due leads that were looked at: those that every rule lets be called.
  var callable: Int
  /// The commonest reason of the others.
  var mainReason: String?

  private var dueLeads: String { due == 1 ? "1 lead is" : "\(due) leads are" }

  func sentence(at now: Instant) -> String {
    guard state == "active" else { return "nothing is dialed because the campaign is \(state)" }
    if let startsAt = rules.startsAt, now < startsAt { return "the campaign starts at \(startsAt.forPeople)" }
    if let endsAt = rules.endsAt, now >= endsAt { return "the campaign's end has been reached: \(endsAt.forPeople)" }
    if leads == 0 { return "the campaign has no leads; upload some" }
    if waiting == 0 {
      return inFlight == 0
        ? "every lead has its final outcome" : "no lead waits; \(inFlight) are in a call or await its outcome"
    }
    if due == 0 {
      return "no lead's time has come; the next one comes due at \(nextDueAt?.forPeople ?? "a time that is not known")"
    }
    if let allowance, allowance.calls == 0 {
      return "\(dueLeads) due, but the limit \(allowance.limit.rawValue) allows no more calls now"
    }
    if callable == 0, let mainReason { return "\(dueLeads) due, but their rules say no: \(mainReason)" }
    return "it dials: \(dueLeads) due and the limits leave room for \(allowance?.calls ?? 0) calls"
  }
}

extension Instant {
  /// To the second.
  var forPeople: String {
    let seconds = microsecondsSince1970 - (microsecondsSince1970 % 1_000_000 + 1_000_000) % 1_000_000
    return Instant(microsecondsSince1970: seconds).rfc3339
  }
}
