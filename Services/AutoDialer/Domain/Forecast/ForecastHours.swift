import Core
import Telephony

/// When places may be called, remembered until it changes: a forecast asks the same again in every step. Pure.
struct ForecastHours {
  enum Standing: Hashable, Sendable {
    case open
    case shut(until: Instant)
    /// Never within 400 days.
    case never
  }

  private struct Key: Hashable {
    var place: LeadPlace
    var avoiding: MinuteRange?
  }

  private struct Known {
    var window: DialWindow
    var standing: Standing
    var from: Instant
    var until: Instant
  }

  private let rules: CampaignRules
  private var known: [Key: Known] = [:]

  init(rules: CampaignRules) { self.rules = rules }

  mutating func standing(of place: LeadPlace, avoiding: MinuteRange?, at now: Instant) -> Standing {
    let key = Key(place: place, avoiding: avoiding)
    if let known = known[key], known.from <= now, now < known.until { return known.standing }
    let whole = known[key]?.window ?? place.dialWindow(rules)
    let window = known[key] == nil ? avoiding.map(whole.avoiding) ?? whole : whole
    let found: (standing: Standing, until: Instant) =
      switch window.verdict(at: now, zones: place.zones) {
      case .open(let until): (.open, until)
      case .closed(_, let opensAt?): (.shut(until: opensAt), opensAt)
      case .closed(_, nil): (.never, .distantFuture)
      }
    known[key] = Known(window: window, standing: found.standing, from: now, until: found.until)
    return found.standing
  }
}
