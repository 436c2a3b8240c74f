import Core

@testable import Telephony

/// What one zone's clock shows at each minute of a stretch, and the extremes before and after it: the slow definition
/// that the closed form is held against.
struct ReferenceClock {
  let local: [Int64]
  private let latestSoFar: [Int64]
  private let earliestFromHere: [Int64]

  init(_ zone: TimeZoneRules, from start: Int64, minutes: Int) {
    var segment = zone.segment(at: start)
    local = (0..<minutes).map { minute in
      let seconds = start + Int64(minute) * 60
      if seconds >= segment.end { segment = zone.segment(at: seconds) }
      return seconds + Int64(segment.offset)
    }
    var latestSoFar = local
    var earliestFromHere = local
    for minute in 1..<max(minutes, 1) {
      latestSoFar[minute] = max(latestSoFar[minute - 1], local[minute])
      let back = minutes - 1 - minute
      earliestFromHere[back] = min(earliestFromHere[back + 1], local[back])
    }
    self.latestSoFar = latestSoFar
    self.earliestFromHere = earliestFromHere
  }

  /// The local day since 1970, and the minute of it.
  func day(_ minute: Int) -> (day: Int, minuteOfDay: Int) {
    let (day, second) = local[minute].flooredDivision(by: 86_400)
    return (Int(day), Int(second / 60))
  }

  /// Whether it is within hours of the day whose start the clock never goes back behind, and whose end it has not yet
  /// reached.
  func isWithin(_ hours: Range<Int>?, _ minute: Int) -> Bool {
    guard let hours else { return false }
    let midnight = Int64(day(minute).day) * 86_400
    return earliestFromHere[minute] >= midnight + Int64(hours.lowerBound) * 60
      && latestSoFar[minute] < midnight + Int64(hours.upperBound) * 60
  }

  /// The run of open minutes around each minute of a day; nil where it is shut.
  static func runs(_ open: [Bool]) -> [Range<Int>?] {
    var runs = [Range<Int>?](repeating: nil, count: open.count)
    var start = 0
    while start < open.count {
      let end = open[start...].firstIndex { $0 != open[start] } ?? open.count
      if open[start] { for minute in start..<end { runs[minute] = start..<end } }
      start = end
    }
    return runs
  }
}
