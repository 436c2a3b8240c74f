/// The hours of each local date: those of its weekday, by the rules in force on it, unless the date is shut.
///
/// All that depends on the rules alone is worked out when it is made, so that asking for a date is two short searches.
struct DatedHours: Hashable, Sendable {
  /// Hours that hold from a day (since 1970) until those that come next.
  private struct Era: Hashable {
    var firstDay: Int
    var hours: WeeklyHours
  }

  /// Ascending; the first one begins with `Int.min`.
  private let eras: [Era]
  /// Ascending days since 1970 on which nothing is open.
  private let shutDays: [Int]
  /// Nothing is open on other days.
  private let knownDays: Range<Int>

  static let everyDay = Int.min..<Int.max

  /// - Parameter firstDay: From which day (since 1970) the hours hold; every hour is open before it.
  init(_ hours: WeeklyHours, from firstDay: Int? = nil, shutDays: [Int] = [], knownDays: Range<Int> = everyDay) {
    let current = Era(firstDay: firstDay ?? .min, hours: hours)
    eras = firstDay == nil ? [current] : [Era(firstDay: .min, hours: .always), current]
    self.shutDays = Set(shutDays).sorted()
    self.knownDays = knownDays
  }

  private init(eras: [Era], shutDays: [Int], knownDays: Range<Int>) {
    self.eras = eras
    self.shutDays = shutDays
    self.knownDays = knownDays
  }

  /// Whether no day of the week is ever open.
  var isEmpty: Bool { knownDays.isEmpty || eras.allSatisfy(\.hours.isEmpty) }

  /// The ranges of a day since 1970: ascending, neither overlapping nor touching.
  func ranges(onDay day: Int) -> [MinuteRange] {
    guard knownDays.contains(day), !shutDays.containsSorted(day) else { return [] }
    return weekly(onDay: day).ranges(onWeekday: Self.weekday(ofDay: day))
  }

  func intersection(_ other: DatedHours) -> DatedHours {
    let starts = Set((eras + other.eras).map(\.firstDay)).sorted()
    return DatedHours(
      eras: starts.map { Era(firstDay: $0, hours: weekly(onDay: $0).intersection(other.weekly(onDay: $0))) },
      shutDays: Set(shutDays + other.shutDays).sorted(), knownDays: knownDays.clamped(to: other.knownDays))
  }

  /// These hours without a time of day, on all days alike.
  func subtracting(_ taken: MinuteRange) -> DatedHours {
    DatedHours(
      eras: eras.map { Era(firstDay: $0.firstDay, hours: $0.hours.subtracting(taken)) }, shutDays: shutDays,
      knownDays: knownDays)
  }

  /// Whether these hours are open at a second in a zone, by the same strict reading as `OpenIntervals`: an hour that the
  /// clock shows twice is open only when it is so whichever of the two is meant.
  func isOpen(at seconds: Int64, in zone: TimeZoneRules) -> Bool {
    let (day, second) = zone.localSeconds(at: seconds).flooredDivision(by: 86_400)
    let midnight = day * 86_400
    return ranges(onDay: Int(day)).contains { range in
      range.contains(Int(second / 60)) && zone.lastReaching(local: midnight + Int64(range.start) * 60) <= seconds
        && seconds < zone.firstReaching(local: midnight + Int64(range.end) * 60)
    }
  }

  /// ISO 8601 weekday of a day since 1970, which began on a Thursday.
  static func weekday(ofDay day: Int) -> Int {
    let remainder = (day + 3) % 7
    return (remainder < 0 ? remainder + 7 : remainder) + 1
  }

  private func weekly(onDay day: Int) -> WeeklyHours {
    var index = eras.count - 1
    while eras[index].firstDay > day { index -= 1 }
    return eras[index].hours
  }
}

extension Array where Element: Comparable {
  /// Whether an ascending array holds a value.
  func containsSorted(_ value: Element) -> Bool {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == value
  }
}
