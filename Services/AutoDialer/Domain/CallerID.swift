import Core
import Telephony

/// A number that calls may show, as it stands today. Pure.
struct CallerID: Hashable, Sendable {
  /// E.164.
  var number: String
  var standing: CallerIDStanding
  /// Nil: a campaign brought it itself.
  var tier: Int?
  /// Where its day is counted.
  var zone: TimeZoneRules
  /// Calls a day when it is warm; nil: no cap.
  var callsPerDay: Int?
  /// The day that `dayCalls` is of.
  var day: CivilDate
  var dayCalls: Int
  var lastUsedAt: Instant?
  var breaker: CircuitBreaker
  /// It was just picked for a call that finds out whether it works again.
  var isProbed = false

  /// What time alone has changed since it was stored: a rest is over, a day has begun. The day never goes back: an instance
  /// whose clock is behind counts into the one that another has begun.
  mutating func roll(to now: Instant) {
    let today = zone.local(at: now).date
    standing.handle(.timePassed, at: now, today: today)
    if today > day { (day, dayCalls) = (today, 0) }
  }

  /// Calls that it may still show today; nil: any number. Rolled to now.
  func room(at now: Instant) -> Int? {
    guard standing.isInUse else { return 0 }
    let room = standing.cap(on: day, most: callsPerDay).map { max(0, $0 - dayCalls) }
    switch breaker.gate(at: now) {
    case .closed: return room
    case .open: return 0
    case .probing: return isProbed ? 0 : min(1, room ?? 1)
    }
  }

  /// When it may be shown again, and what forbids it until then. Rolled to now; asked only without room.
  func opening(at now: Instant) -> CallerIDStock.Closed {
    switch standing.state {
    case .quarantined, .retired: return .untilMended("caller_id_\(standing.state.rawValue)")
    case .cooling: return .until(standing.restsUntil ?? now, "caller_id_cooling")
    case .warming, .active: break
    }
    if case .open(let until) = breaker.gate(at: now) { return .until(until, "caller_id_breaker") }
    if isProbed { return .until(now + .seconds(30), "caller_id_breaker") }
    return .until(zone.start(of: CivilDate(daysSince1970: day.daysSince1970 + 1), after: now), "caller_id_day_cap")
  }
}

extension TimeZoneRules {
  /// The first instant of a day that lies ahead. Where clocks jump over midnight, the day begins with the jump.
  func start(of day: CivilDate, after now: Instant) -> Instant {
    if let midnight = instants(of: LocalDateTime(date: day, secondOfDay: 0)).first { return midnight }
    return nextTransition(after: now) ?? now + .days(1)
  }
}

/// Where a number is at home, as far as its digits tell.
struct NumberPlace: Hashable, Sendable {
  /// "+", calling code and area code.
  var area: String
  /// ISO 3166-1 alpha-2; nil for a number of no plan.
  var region: String?
  /// ISO 3166-2, where the digits tell it: "US-NY".
  var state: String?
  var zones: [String]

  /// - Parameter number: What `e164` was read as; nil for a number of no plan, as a provider's test numbers are.
  init(_ e164: String, _ number: PhoneNumber?) {
    let country = number.map { "+\($0.countryCode)" } ?? (e164.hasPrefix("+1") ? "+1" : String(e164.prefix(3)))
    let areaDigits = country == "+1" ? 3 : country == "+61" ? 1 : 2
    area = String(e164.prefix(country.count + areaDigits))
    region = number?.region
    zones = number?.possibleTimeZones ?? []
    let places = number.map { CallingPlace(number: $0).places } ?? []
    state = places.count == 1 ? places.first { $0.contains("-") } : nil
  }

  /// Of a number as it is written.
  init(_ e164: String) { self.init(e164, try? PhoneNumber.parse(e164, defaultRegion: nil)) }

  /// How near a number at home here looks to somebody there; smaller is nearer.
  func distance(to other: NumberPlace) -> Int {
    if area == other.area { return 0 }
    if let state, state == other.state { return 1 }
    guard let region, region == other.region else { return 4 }
    return !zones.isEmpty && zones == other.zones ? 2 : 3
  }
}
