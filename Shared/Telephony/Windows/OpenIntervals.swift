/// The stretches of time, in seconds since 1970, in which local hours are open in all of several zones,
/// ascending and merged, from those that end after a given second on.
///
/// Each edge of the local hours is converted to UTC once, so the cost is a few lookups for each day and zone, however
/// long a stretch is. An edge that the clock jumps over moves to the end of the jump; one that it shows twice is read
/// strictly: hours begin at the second showing and end at the first.
struct OpenIntervals: IteratorProtocol {
  private var zones: [ZoneIntervals]
  private let searchEnd: Int64

  /// How far ahead it looks. A year and a month see every combination of daylight-saving rules.
  private static let searchSeconds: Int64 = 400 * 86_400

  /// - Precondition: `zones` is not empty.
  init(hours: DatedHours, zones: [TimeZoneRules], from seconds: Int64) {
    precondition(!zones.isEmpty, "without a zone there is no local time")
    self.zones = zones.map { ZoneIntervals(hours: hours, zone: $0, endingAfter: seconds) }
    searchEnd = hours.isEmpty ? .min : seconds + Self.searchSeconds
  }

  mutating func next() -> Range<Int64>? {
    while true {
      var start = Int64.min
      var end = Int64.max
      var firstToEnd = 0
      for index in zones.indices {
        guard let current = zones[index].current(before: searchEnd) else { return nil }
        start = max(start, current.lowerBound)
        if current.upperBound < end { (end, firstToEnd) = (current.upperBound, index) }
      }
      zones[firstToEnd].advance()
      if start < end { return start..<end }
    }
  }
}

/// The open stretches of one zone, one after the other.
private struct ZoneIntervals {
  private let hours: DatedHours
  private let zone: TimeZoneRules
  /// The last stretch of one offset that was looked at; the next edge nearly always lies in it too.
  private var segment: TimeZoneRules.Segment
  private let earliestEnd: Int64
  /// Since 1970.
  private var day: Int
  private var indexInDay = 0
  private var found: Range<Int64>?
  /// Read ahead, to see whether it touches `found`.
  private var following: Range<Int64>?

  /// Windows that touch at midnight are joined up to this length, so that hours without end have an end.
  private static let longestSeconds: Int64 = 8 * 86_400

  init(hours: DatedHours, zone: TimeZoneRules, endingAfter seconds: Int64) {
    self.hours = hours
    self.zone = zone
    earliestEnd = seconds
    // The day before, for hours of that day which an overlap at midnight makes reach into this one.
    segment = zone.segment(at: seconds)
    day = Int((seconds + Int64(segment.offset)).flooredDivision(by: 86_400).quotient) - 1
  }

  /// The stretch to look at now; nil when it would begin after `limit`.
  mutating func current(before limit: Int64) -> Range<Int64>? {
    if found == nil { found = merged(before: limit) }
    return found
  }

  mutating func advance() { found = nil }

  /// Whether no change of the clock is near the second at which it shows `local`, so that the offset says which it is.
  private func isPlain(_ local: Int64) -> Bool {
    let second = local - Int64(segment.offset)
    return segment.start < second - Self.near && second + Self.near < segment.end
  }

  /// No two clocks are further apart than this, in seconds: beyond it a change of the clock is not seen.
  private static let near: Int64 = 2 * 93_600

  private mutating func merged(before limit: Int64) -> Range<Int64>? {
    guard var result = following ?? single(before: limit) else { return nil }
    following = nil
    while let next = single(before: limit) {
      guard next.lowerBound == result.upperBound, next.upperBound - result.lowerBound <= Self.longestSeconds else {
        following = next
        break
      }
      result = result.lowerBound..<next.upperBound
    }
    return result
  }

  private mutating func single(before limit: Int64) -> Range<Int64>? {
    while true {
      let midnight = Int64(day) * 86_400
      guard midnight <= limit + 2 * 86_400 else { return nil }
      let ranges = hours.ranges(onDay: day)
      while indexInDay < ranges.count {
        let range = ranges[indexInDay]
        indexInDay += 1
        let first = midnight + Int64(range.start) * 60
        let last = midnight + Int64(range.end) * 60
        let start: Int64
        let end: Int64
        if isPlain(first), isPlain(last) {
          start = first - Int64(segment.offset)
          end = last - Int64(segment.offset)
        } else {
          start = zone.lastReaching(local: first)
          end = zone.firstReaching(local: last)
          segment = zone.segment(at: end)
        }
        if start < end, end > earliestEnd { return start..<end }
      }
      day += 1
      indexInDay = 0
    }
  }
}
