import Core
import Telephony

/// Adds up a forecast's days. Pure.
struct ForecastTally {
  private let zone: TimeZoneRules
  private var today: Forecast.Day?
  /// Steps of the day in which a limit kept somebody from being called, and steps with calls in which none did.
  private var limitedSteps: [Allowance.Limit: Int] = [:]
  private var freeSteps = 0
  private var waitingForHours = 0
  private var waitingForRetry = 0
  /// When the last lead so far was done.
  private(set) var lastEnd: Instant?

  init(zone: TimeZoneRules) { self.zone = zone }

  func isNewDay(_ now: Instant) -> Bool { zone.local(at: now).date != today?.date }

  /// Begins the day of an instant. Days on which nobody could be called are days all the same.
  mutating func begin(_ now: Instant, overdue: Int, into result: inout Forecast) {
    let date = zone.local(at: now).date
    guard date != today?.date else { return }
    var first = date
    if let before = today?.date {
      close(overdue: overdue, into: &result)
      first = before.adding(days: 1)
    }
    while first < date {
      today = Forecast.Day(date: first)
      close(overdue: overdue, into: &result)
      first = first.adding(days: 1)
    }
    today = Forecast.Day(date: date)
  }

  mutating func close(overdue: Int, into result: inout Forecast) {
    guard var day = today else { return }
    day.overdue = overdue
    day.constraint = constraint(overdue)
    (limitedSteps, freeSteps, today) = ([:], 0, nil)
    result.days.append(day)
    result.calls += day.calls
    result.answered += day.answered
    result.costMicros += day.costMicros
  }

  /// A limit binds a day when it did so in at least as many steps as it did not.
  private func constraint(_ overdue: Int) -> Forecast.Constraint? {
    let limited = limitedSteps.values.reduce(0, +)
    if limited > 0, limited >= freeSteps || overdue > 0,
      let most = limitedSteps.max(by: { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) })
    {
      return .limit(most.key)
    }
    guard waitingForHours + waitingForRetry > 0 else { return nil }
    return waitingForHours >= waitingForRetry ? .window : .nothingDue
  }

  /// - Parameter count: Negative for those who wait no more.
  mutating func waiting(_ count: Int, forHours: Bool) {
    if forHours { waitingForHours += count } else { waitingForRetry += count }
  }

  /// - Parameter limit: What kept others from being called; nil: nothing did.
  mutating func called(_ calls: Int, lines: Int, limit: Allowance.Limit?) {
    let peak = max(today?.peakLines ?? 0, lines)
    today?.calls += calls
    today?.peakLines = peak
    if let limit {
      limitedSteps[limit, default: 0] += 1
    } else if calls > 0 {
      freeSteps += 1
    }
  }

  mutating func ended(_ calls: Int, answered: Bool, costMicros: Int64) {
    if answered { today?.answered += calls }
    today?.costMicros += costMicros
  }

  mutating func finished(_ leads: Int, at instant: Instant) {
    today?.finished += leads
    lastEnd = max(lastEnd ?? .distantPast, instant)
  }
}
