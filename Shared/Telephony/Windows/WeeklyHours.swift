/// The hours of a local week, normalised: each day's ranges ascend and neither overlap nor touch.
struct WeeklyHours: Hashable, Sendable {
  /// By ISO weekday: index 0 is Monday.
  private let days: [[MinuteRange]]

  init(_ ranges: some Sequence<(weekday: Int, range: MinuteRange)>) {
    var days = [[MinuteRange]](repeating: [], count: 7)
    for (weekday, range) in ranges { days[weekday - 1].append(range) }
    self.days = days.map(Self.merged)
  }

  private init(days: [[MinuteRange]]) { self.days = days }

  /// Every hour of every day.
  static let always = WeeklyHours(
    (1...7).compactMap { day in MinuteRange(start: 0, end: 1_440).map { (day, $0) } })

  /// The ranges of an ISO weekday (1 is Monday).
  func ranges(onWeekday weekday: Int) -> [MinuteRange] { days[weekday - 1] }

  var isEmpty: Bool { days.allSatisfy(\.isEmpty) }

  func intersection(_ other: WeeklyHours) -> WeeklyHours {
    WeeklyHours(
      days: zip(days, other.days).map { mine, theirs in
        mine.flatMap { range in theirs.compactMap(range.intersection) }
      })
  }

  /// These hours without a time of day, on all days alike.
  func subtracting(_ taken: MinuteRange) -> WeeklyHours {
    WeeklyHours(days: days.map { day in day.flatMap { $0.subtracting(taken) } })
  }

  private static func merged(_ ranges: [MinuteRange]) -> [MinuteRange] {
    var result: [MinuteRange] = []
    for range in ranges.sorted(by: { $0.start < $1.start }) {
      if let last = result.last, range.start <= last.end,
        let joined = MinuteRange(start: last.start, end: max(last.end, range.end))
      {
        result[result.count - 1] = joined
      } else {
        result.append(range)
      }
    }
    return result
  }
}
