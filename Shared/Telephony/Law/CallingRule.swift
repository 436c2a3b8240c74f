public import Core

/// One rule of law about when somebody may be called, as `Data/calling_laws.txt` has it.
public struct CallingRule: Hashable, Sendable {
  /// Stable name, such as "us.fl": for evidence and for programs.
  public let id: String
  /// ISO 3166 codes; a country covers its subdivisions, "*" every country that no other rule names.
  public let places: [String]
  /// The rule for people.
  public let says: String
  /// Where it is written.
  public let source: String
  /// The first local day on which it holds; nil when it always does.
  public let validFrom: CivilDate?
  /// Whether no call is allowed on a public holiday of the place, nor on a day of which that is not known.
  public let shutsOnHolidays: Bool
  let hours: WeeklyHours
  /// What it says and where, in one text.
  let citation: String

  /// Every rule, in the order of the file.
  static let all = DataSection.read(PackageResources.calling_laws_txt).map(CallingRule.init)

  init(
    id: String, places: [String], says: String, source: String, validFrom: CivilDate? = nil,
    shutsOnHolidays: Bool = false, hours: WeeklyHours
  ) {
    self.id = id
    self.places = places
    self.says = says
    self.source = source
    self.validFrom = validFrom
    self.shutsOnHolidays = shutsOnHolidays
    self.hours = hours
    citation = "\(says) (\(source))"
  }

  init(_ section: DataSection) {
    let from = section["from"].map { text in
      guard let date = CivilDate(text) else { preconditionFailure("calling_laws.txt: [\(section.name)] from \(text)") }
      return date
    }
    precondition(section["holidays"] ?? "shut" == "shut", "calling_laws.txt: [\(section.name)] holidays")
    self.init(
      id: section.name, places: section.required("places").split(separator: " ").map(String.init),
      says: section.required("says"), source: section.required("source"), validFrom: from,
      shutsOnHolidays: section["holidays"] != nil, hours: Self.hours(section.required("hours"), section: section.name))
  }

  /// Whether the rule is about a place, itself or as part of its country.
  func covers(_ place: String) -> Bool { places.contains(place) || places.contains(PlaceFacts.country(of: place)) }

  private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  /// Reads "mon-fri 09:00-20:00, sat 09:00-17:00".
  private static func hours(_ text: String, section: String) -> WeeklyHours {
    var ranges: [(weekday: Int, range: MinuteRange)] = []
    for part in text.split(separator: ",") {
      let words = part.split(separator: " ")
      let days = words.first?.split(separator: "-").compactMap { name in weekdays.firstIndex { $0 == name } } ?? []
      let minutes = words.last?.split(separator: "-").compactMap(minute) ?? []
      guard words.count == 2, let first = days.first, let last = days.last, first <= last, minutes.count == 2,
        let range = MinuteRange(start: minutes[0], end: minutes[1])
      else { preconditionFailure("calling_laws.txt: [\(section)] cannot read \"\(part)\"") }
      for day in first...last { ranges.append((day + 1, range)) }
    }
    return WeeklyHours(ranges)
  }

  /// Minutes after midnight of "09:00".
  private static func minute(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":").compactMap { Int($0) }
    return parts.count == 2 ? parts[0] * 60 + parts[1] : nil
  }
}
