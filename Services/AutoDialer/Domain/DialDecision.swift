import Core
import Telephony

/// What becomes of a lead whose turn has come: it may be called now, at another time, or never. Pure: this is the one
/// place that says yes.
enum DialDecision: Hashable, Sendable {
  case dial(Permission)
  /// The window has shut: wait for its next opening.
  case wait(until: Instant, reason: String)
  case never(reason: String)

  /// Why a call is allowed, and for how long.
  struct Permission: Hashable, Sendable {
    /// A call that has not been asked of the provider by then is not placed.
    var expiresAt: Instant
    /// What was looked at and found, for people and for `verify`.
    var evidence: [String]
  }

  /// A permit lives at most this long: it is given to be used at once.
  static let permitLife = Duration.seconds(300)

  /// - Parameters:
  ///   - attempts: Attempts at this lead that left, this one not counted.
  ///   - window: The hours to call in; narrower than the campaign's when a retry must differ from the last try.
  static func decide(
    rules: CampaignRules, place: LeadPlace, attempts: Int, window: DialWindow, now: Instant
  ) -> DialDecision {
    guard attempts < rules.maxCallsPerLead else { return .never(reason: "max_attempts") }
    switch window.verdict(at: now, zones: place.zones) {
    case .open(let until):
      let zones = place.zones.map { "\($0.name) \($0.local(at: now))" }.joined(separator: ", ")
      return .dial(
        Permission(
          expiresAt: min(now + permitLife, until),
          evidence: [
            "window: open until \(until.rfc3339) in every possible zone (\(zones))",
            "law: \(window.envelope.region): \(window.envelope.rule)",
            "attempts: \(attempts) of \(rules.maxCallsPerLead) made",
            "policy: version \(rules.policyVersion)",
          ]))
    case .closed(let reason, let opensAt?):
      return .wait(until: opensAt, reason: reason.code)
    case .closed(.zoneUnknown, nil):
      return .never(reason: "zone_unknown")
    case .closed(_, nil):
      return .never(reason: "no_legal_window")
    }
  }
}
