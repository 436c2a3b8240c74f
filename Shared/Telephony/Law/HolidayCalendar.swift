public import Core

/// The public holidays of one country or state, for the years for which they are known.
public struct HolidayCalendar: Hashable, Sendable {
  /// ISO 3166: "AU" for the days that the whole country keeps, "AU-NSW" for those of one state.
  public let place: String
  /// The act that the days follow from.
  public let source: String
  /// Nothing is known of days outside.
  let knownDays: Range<Int>
  /// Days since 1970, ascending.
  let days: [Int]
  private let names: [Int: String]

  init(place: String, source: String, knownDays: Range<Int>, names: [Int: String]) {
    self.place = place
    self.source = source
    self.knownDays = knownDays
    self.names = names
    days = names.keys.sorted()
  }

  /// The name of the holiday on a date, if it is one.
  public func holiday(on date: CivilDate) -> String? { names[date.daysSince1970] }

  /// Whether it is known which days around a date are holidays.
  public func isComplete(on date: CivilDate) -> Bool { knownDays.contains(date.daysSince1970) }

  /// The holidays of a year, in order.
  public func holidays(inYear year: Int) -> [(date: CivilDate, name: String)] {
    days.compactMap { day in
      let date = CivilDate(daysSince1970: day)
      return date.year == year ? names[day].map { (date, $0) } : nil
    }
  }

  /// All that `Data/public_holidays.txt` knows, by place.
  static let all = read(PackageResources.public_holidays_txt)

  /// The calendar of exactly this place; nil when it has none of its own.
  public static func of(_ place: String) -> HolidayCalendar? { all[place] }

  static func read(_ text: [UInt8]) -> [String: HolidayCalendar] {
    var found: [String: HolidayCalendar] = [:]
    for section in DataSection.read(text) {
      let years = section.required("years").split(separator: "-").compactMap { Int($0) }
      guard years.count == 2, years[0] <= years[1],
        let first = CivilDate(year: years[0], month: 1, day: 1),
        let end = CivilDate(year: years[1] + 1, month: 1, day: 1)
      else { preconditionFailure("public_holidays.txt: [\(section.name)] has no range of years") }
      var names: [Int: String] = [:]
      for (name, dates) in section.lines where name != "years" && name != "source" {
        for text in dates.split(separator: " ") {
          guard let date = CivilDate(String(text)), date >= first, date < end else {
            preconditionFailure("public_holidays.txt: [\(section.name)] \(name): \(text) is no date of its years")
          }
          names[date.daysSince1970] = name
        }
      }
      found[section.name] = HolidayCalendar(
        place: section.name, source: section.required("source"), knownDays: first.daysSince1970..<end.daysSince1970,
        names: names)
    }
    return found
  }
}
