import Core
import Telephony

/// Whether the clock lets leads be called. Pure.
struct HoursGate: Sendable {
  private struct Key: Hashable {
    var place: LeadPlace
    var avoiding: MinuteRange?
  }

  private var hours: DialWindows?
  private var now = Instant.distantPast
  private var known: [Key: GateVerdict] = [:]

  init() {}

  /// Works out beforehand, once for each place, what it will be asked: the leads of a claim are in few.
  ///
  /// - Parameter leads: Each with the time of day to stay away from.
  init(_ leads: some Sequence<(Callee, avoiding: MinuteRange?)>, rules: CampaignRules, now: Instant) {
    (hours, self.now) = (rules.hours, now)
    for (callee, avoiding) in leads {
      for number in callee.numbers {
        let key = Key(place: number.place, avoiding: avoiding)
        if known[key] == nil { known[key] = Self.verdict(at: key.place, avoiding: avoiding, rules: rules, now: now) }
      }
    }
  }

  /// - Parameter avoiding: Time of day to stay away from.
  func judge(_ place: LeadPlace, avoiding: MinuteRange?, rules: CampaignRules, now: Instant) -> GateVerdict {
    if now == self.now, rules.hours === hours, let verdict = known[Key(place: place, avoiding: avoiding)] {
      return verdict
    }
    return Self.verdict(at: place, avoiding: avoiding, rules: rules, now: now)
  }

  private static func verdict(
    at place: LeadPlace, avoiding: MinuteRange?, rules: CampaignRules, now: Instant
  ) -> GateVerdict {
    let whole = place.dialWindow(rules)
    let window = avoiding.map(whole.avoiding) ?? whole
    switch window.verdict(at: now, zones: place.zones) {
    case .open(let until):
      let clocks = place.zones.map { "\($0.name) \($0.local(at: now))" }.joined(separator: ", ")
      return .pass(
        Finding(
          "hours", true,
          "open until \(until.rfc3339) in every possible zone (\(clocks)); law of \(window.envelope.region): "
            + window.envelope.rule), until: until)
    case .closed(let reason, let opensAt?):
      return .wait(until: opensAt, reason: reason.code, Finding("hours", false, reason.description))
    case .closed(let reason, nil):
      let isUnknown = reason == .zoneUnknown
      return .never(reason: isUnknown ? "zone_unknown" : "no_legal_window", Finding("hours", false, reason.description))
    }
  }
}
