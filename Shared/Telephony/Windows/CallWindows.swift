public import Core

/// When a campaign calls: weekly windows on the lead's clock, and dates on which it does not call at all. Several windows
/// on a day leave breaks between them.
///
/// These are the campaign's wishes. Whether a call may be made is for `DialWindow` to say, which knows the law too.
public struct CallWindows: Hashable, Sendable {
  /// By weekday, then by start. None overlap.
  public let windows: [CallWindow]
  /// The lead's local dates on which nobody is called. Ascending, each once.
  public let excludedDates: [CivilDate]
  /// Without the excluded dates.
  let weekly: DatedHours
  let hours: DatedHours

  /// More than this is a mistake: seven days of six windows.
  private static let mostWindows = 42
  /// Every day of the time that is looked ahead.
  private static let mostExcludedDates = 400

  /// Monday to Friday 9 to 12 and 13 to 17: office hours with the lunch break left out.
  public static let standard = CallWindows(
    trusted: (1...5).flatMap { weekday in
      [
        CallWindow(weekday: weekday, startMinute: 9 * 60, endMinute: 12 * 60),
        CallWindow(weekday: weekday, startMinute: 13 * 60, endMinute: 17 * 60),
      ]
    }, excludedDates: [])

  /// - Throws: `CallWindowError` for the first window, in the order given, that makes no sense.
  public init(_ windows: [CallWindow], excludedDates: [CivilDate] = []) throws(CallWindowError) {
    guard !windows.isEmpty else {
      throw CallWindowError(field: "windows", message: "at least one window is needed, or nobody is ever called")
    }
    guard windows.count <= Self.mostWindows else {
      throw CallWindowError(field: "windows", message: "at most \(Self.mostWindows) windows, not \(windows.count)")
    }
    for (index, window) in windows.enumerated() {
      try Self.check(window, field: "windows[\(index)]")
      for (earlier, other) in windows[..<index].enumerated() where Self.overlap(window, other) {
        throw CallWindowError(field: "windows[\(index)]", message: "overlaps windows[\(earlier)] on the same weekday")
      }
    }
    guard excludedDates.count <= Self.mostExcludedDates else {
      throw CallWindowError(
        field: "excluded_dates", message: "at most \(Self.mostExcludedDates) dates, not \(excludedDates.count)")
    }
    self.init(trusted: windows, excludedDates: excludedDates)
  }

  private init(trusted windows: [CallWindow], excludedDates: [CivilDate]) {
    self.windows = windows.sorted { ($0.weekday, $0.startMinute) < ($1.weekday, $1.startMinute) }
    self.excludedDates = Set(excludedDates).sorted()
    let weekly = WeeklyHours(
      windows.compactMap { window in
        MinuteRange(start: window.startMinute, end: window.endMinute).map { (window.weekday, $0) }
      })
    self.weekly = DatedHours(weekly)
    hours = DatedHours(weekly, shutDays: excludedDates.map(\.daysSince1970))
  }

  func excludes(_ date: CivilDate) -> Bool { excludedDates.containsSorted(date) }

  /// Whether all of these zones are within a window. False for no zones: an unknown place must not be called.
  public func isOpen(at instant: Instant, zones: [TimeZoneRules]) -> Bool {
    guard !zones.isEmpty else { return false }
    var intervals = OpenIntervals(hours: hours, zones: zones, from: instant.wholeSeconds)
    return intervals.next().map { $0.contains(instant.wholeSeconds) } ?? false
  }

  /// The first instant at or after `instant` at which all of these zones are within a window. Nil when there is none
  /// in 400 days, and for no zones.
  public func nextOpening(after instant: Instant, zones: [TimeZoneRules]) -> Instant? {
    guard !zones.isEmpty else { return nil }
    var intervals = OpenIntervals(hours: hours, zones: zones, from: instant.wholeSeconds)
    return intervals.next().map { max(instant, Instant(wholeSeconds: $0.lowerBound)) }
  }

  /// The hours of the window around a local time, which is what "a different window" differs from.
  func window(around local: LocalDateTime) -> MinuteRange? {
    weekly.ranges(onDay: local.date.daysSince1970).first { $0.contains(local.minuteOfDay) }
  }

  private static func check(_ window: CallWindow, field: String) throws(CallWindowError) {
    guard (1...7).contains(window.weekday) else {
      throw CallWindowError(
        field: "\(field).weekday", message: "\(window.weekday) is no weekday: 1 is Monday, 7 is Sunday")
    }
    guard (0..<1_440).contains(window.startMinute) else {
      throw CallWindowError(
        field: "\(field).start_minute", message: "\(window.startMinute) is no minute of a day: 0 to 1439")
    }
    guard (1...1_440).contains(window.endMinute) else {
      throw CallWindowError(
        field: "\(field).end_minute", message: "\(window.endMinute) is no minute of a day: 1 to 1440")
    }
    guard window.endMinute > window.startMinute else {
      let start = MinuteRange.clock(window.startMinute)
      throw CallWindowError(
        field: "\(field).end_minute",
        message: "must be after the start, \(start); split a window that crosses midnight into two")
    }
  }

  private static func overlap(_ one: CallWindow, _ other: CallWindow) -> Bool {
    one.weekday == other.weekday && one.startMinute < other.endMinute && other.startMinute < one.endMinute
  }
}
