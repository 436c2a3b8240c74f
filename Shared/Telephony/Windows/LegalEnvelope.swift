internal import Synchronization

/// The hours in which the law lets somebody be called who may be in any of some places. No campaign can widen them.
///
/// Every rule of every one of the places must allow a call: an address in Florida and a number of Texas need both
/// states' hours, and a country without a state all its states'. The rules are in `Data/calling_laws.txt`, the public
/// holidays in `Data/public_holidays.txt`.
public struct LegalEnvelope: Hashable, Sendable {
  /// Whose law it is, for people: ISO 3166 codes ("US-NY"), "*" for countries whose law is not known here. Several are
  /// joined with "+", and all states of a country are the country.
  public let region: String
  /// The rules and the calendars that they look at.
  let bound: [BoundRule]
  /// The public holidays kept at any of the places, whether or not they shut anything: no business day falls on one.
  public let holidays: [HolidayCalendar]
  let hours: DatedHours

  /// A rule, and the holidays that shut it for the places at hand.
  struct BoundRule: Hashable, Sendable {
    let rule: CallingRule
    let calendars: [HolidayCalendar]
    let hours: DatedHours

    init(_ rule: CallingRule, calendars: [HolidayCalendar]) {
      self.rule = rule
      self.calendars = rule.shutsOnHolidays ? calendars : []
      // A rule that must not be broken on holidays allows nothing where no holiday is known.
      let known = self.calendars.reduce(rule.shutsOnHolidays && calendars.isEmpty ? 0..<0 : DatedHours.everyDay) {
        $0.clamped(to: $1.knownDays)
      }
      hours = DatedHours(
        rule.hours, from: rule.validFrom?.daysSince1970, shutDays: self.calendars.flatMap(\.days), knownDays: known)
    }
  }

  /// The rules, in the order of the file.
  public var rules: [CallingRule] { bound.map(\.rule) }

  /// All rules in one line, for people.
  public var rule: String { rules.map(\.citation).joined(separator: "; ") }

  /// - Parameter hours: the legal hours of each ISO weekday (1 is Monday); a weekday that is absent allows no call.
  public init(region: String, rule: String, hours: [Int: MinuteRange]) {
    let weekly = WeeklyHours(hours.filter { (1...7).contains($0.key) }.map { ($0.key, $0.value) })
    let rule = CallingRule(id: "own", places: [region], says: rule, source: "given by the caller", hours: weekly)
    self.init(region: region, bound: [BoundRule(rule, calendars: [])], holidays: [])
  }

  init(region: String, bound: [BoundRule], holidays: [HolidayCalendar]) {
    self.region = region
    self.bound = bound
    self.holidays = holidays
    hours = bound.reduce(DatedHours(.always)) { $0.intersection($1.hours) }
  }

  /// Equal places have equal rules; comparing the calendars would cost more than it tells.
  public func hash(into hasher: inout Hasher) { hasher.combine(region) }

  /// The federal law of the United States alone. A state's may be stricter: see `CallingPlace`.
  public static let unitedStates = LegalEnvelope(places: ["US"])

  /// The law of Australia with the holidays that the whole country keeps. States keep more: see `CallingPlace`.
  public static let australia = LegalEnvelope(places: ["AU"])

  /// For every other country: only the hours that the law of both of them allows.
  public static let strictest = LegalEnvelope(places: [PlaceFacts.unknown])

  /// The strictest law anywhere in a country (ISO 3166-1 alpha-2), for a lead of whom nothing else is known. Where more
  /// is known, `CallingPlace` finds wider hours.
  public static func forRegion(_ region: String) -> LegalEnvelope {
    let places = PlaceFacts.shared.places(inCountry: region)
    return forPlaces(places.isEmpty ? [PlaceFacts.unknown] : places)
  }

  /// The law for somebody who may be in any of these places. Remembers what it has worked out.
  static func forPlaces(_ places: [String]) -> LegalEnvelope {
    if let envelope = known.withLock({ $0[places] }) { return envelope }
    let envelope = LegalEnvelope(places: places)
    known.withLock { if $0.count < mostKnown { $0[places] = envelope } }
    return envelope
  }

  private static let known = Mutex<[[String]: LegalEnvelope]>([:])
  /// More combinations of places than this are not remembered. Each takes a few kB.
  private static let mostKnown = 1_000

  /// - Parameter places: ISO 3166 codes; not empty.
  private init(places: [String]) {
    let isNamed = { (place: String) in CallingRule.all.contains { $0.covers(place) } }
    let covered = places.map { isNamed($0) ? $0 : PlaceFacts.unknown }
    let bound = CallingRule.all.compactMap { rule in
      let affected = covered.filter(rule.covers)
      return affected.isEmpty ? nil : BoundRule(rule, calendars: Self.calendars(of: affected))
    }
    self.init(region: Self.name(of: places), bound: bound, holidays: Self.calendars(of: places))
  }

  /// The calendars of places and of their countries, each once.
  private static func calendars(of places: [String]) -> [HolidayCalendar] {
    Set(places + places.map(PlaceFacts.country)).sorted().compactMap(HolidayCalendar.of)
  }

  private static func name(of places: [String]) -> String {
    let byCountry = Dictionary(grouping: places, by: PlaceFacts.country)
    return byCountry.keys.sorted().map { country in
      let mine = (byCountry[country] ?? []).sorted()
      let isWhole = mine.count > 1 && mine == PlaceFacts.shared.places(inCountry: country)
      return isWhole ? country : mine.joined(separator: "+")
    }.joined(separator: "+")
  }
}
