/// The hours in which the law of a country lets somebody there be called. No campaign can widen them.
///
/// Public holidays are not in it: Australian law forbids calls on national public holidays too, and whoever calls
/// Australia must leave them out of the campaign by other means.
public struct LegalEnvelope: Hashable, Sendable {
  /// Whose law it is: ISO 3166-1 alpha-2, or "*" for countries whose law is not known here.
  public let region: String
  /// The hours and where they are written, for people.
  public let rule: String
  let hours: WeeklyHours

  /// - Parameter hours: the legal hours of each ISO weekday (1 is Monday); a weekday that is absent allows no call.
  public init(region: String, rule: String, hours: [Int: MinuteRange]) {
    self.region = region
    self.rule = rule
    self.hours = WeeklyHours(hours.filter { (1...7).contains($0.key) }.map { ($0.key, $0.value) })
  }

  private init(region: String, rule: String, hours: WeeklyHours) {
    self.region = region
    self.rule = rule
    self.hours = hours
  }

  /// 47 CFR 64.1200(c)(1) and 16 CFR 310.4(c): from 8 in the morning until 9 in the evening, on every day.
  /// Some states are stricter; their hours are not in it.
  public static let unitedStates = LegalEnvelope(
    region: "US", rule: "08:00–21:00 every day (47 CFR 64.1200(c)(1))",
    hours: weekly(weekdays: (8, 21), saturday: (8, 21), sunday: (8, 21)))

  /// Telecommunications (Telemarketing and Research Calls) Industry Standard 2017, section 6: weekdays 9 to 20,
  /// Saturday 9 to 17, never on Sunday.
  public static let australia = LegalEnvelope(
    region: "AU",
    rule: "weekdays 09:00–20:00, Saturday 09:00–17:00, never Sunday (Telemarketing Industry Standard 2017)",
    hours: weekly(weekdays: (9, 20), saturday: (9, 17), sunday: nil))

  /// For every other country: only the hours that all known laws allow.
  public static let strictest = LegalEnvelope(
    region: "*", rule: "the strictest hours known, as the country's own are not: those of AU and US together",
    hours: australia.hours.intersection(unitedStates.hours))

  /// The law for numbers of a region (ISO 3166-1 alpha-2). The United States' holds in its territories as well
  /// (47 USC 153(58)).
  public static func forRegion(_ region: String) -> LegalEnvelope {
    switch region {
    case "US", "AS", "GU", "MP", "PR", "VI": unitedStates
    case "AU": australia
    default: strictest
    }
  }

  private static func weekly(
    weekdays: (Int, Int), saturday: (Int, Int), sunday: (Int, Int)?
  ) -> WeeklyHours {
    let days = [weekdays, weekdays, weekdays, weekdays, weekdays, saturday, sunday]
    return WeeklyHours(
      days.enumerated().compactMap { index, hours in
        hours.flatMap { MinuteRange(start: $0.0 * 60, end: $0.1 * 60) }.map { (index + 1, $0) }
      })
  }
}
