import Core
import Testing

@testable import Telephony

/// Compares the closed form with the definition, minute by minute, around changes of the clock.
@Suite struct DialWindowReferenceTests {
  /// Zones whose clocks change at odd times, by odd amounts, at midnight, or never.
  private static let zoneNames = [
    "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "Antarctica/Troll", "America/St_Johns",
    "Africa/Casablanca", "America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Asia/Gaza",
    "Pacific/Chatham", "America/Scoresbysund", "Asia/Kathmandu", "Asia/Tokyo", "Europe/Dublin",
  ]

  /// What one zone's clock shows at each minute, and the extremes before and after it.
  private struct Clock {
    let local: [Int64]
    let latestSoFar: [Int64]
    let earliestFromHere: [Int64]

    init(_ zone: TimeZoneRules, from start: Int64, minutes: Int) {
      var segment = zone.segment(at: start)
      local = (0..<minutes).map { minute in
        let seconds = start + Int64(minute) * 60
        if seconds >= segment.end { segment = zone.segment(at: seconds) }
        return seconds + Int64(segment.offset)
      }
      latestSoFar = local.reduce(into: []) { $0.append(max($0.last ?? .min, $1)) }
      earliestFromHere = local.reversed().reduce(into: []) { $0.append(min($0.last ?? .max, $1)) }.reversed()
    }

    /// Within hours whose start the clock never goes back behind, and whose end it has not yet reached.
    func isOpen(_ minute: Int, _ week: [[Range<Int>?]]) -> Bool {
      let (day, second) = local[minute].flooredDivision(by: 86_400)
      guard let hours = week[Int((day + 3).flooredDivision(by: 7).remainder)][Int(second / 60)] else { return false }
      let midnight = day * 86_400
      return earliestFromHere[minute] >= midnight + Int64(hours.lowerBound) * 60
        && latestSoFar[minute] < midnight + Int64(hours.upperBound) * 60
    }
  }

  private func randomWindows(_ generator: inout SeededGenerator) throws -> CallWindows {
    var windows: [CallWindow] = []
    let step = [1, 15, 30, 60].randomElement(using: &generator) ?? 1
    for weekday in 1...7 where Int.random(in: 0..<5, using: &generator) > 0 {
      let count = Int.random(in: 1...3, using: &generator)
      let edges = Set((0..<count * 2).map { _ in Int.random(in: 0...1_440 / step, using: &generator) * step }).sorted()
      for index in stride(from: 0, to: edges.count - 1, by: 2) {
        windows.append(CallWindow(weekday: weekday, startMinute: edges[index], endMinute: edges[index + 1]))
      }
    }
    return windows.isEmpty ? .standard : try CallWindows(windows)
  }

  /// For each minute of each weekday (Monday first) the hours around it, or nil when it is shut.
  private func week(_ windows: CallWindows, _ envelope: LegalEnvelope) -> [[Range<Int>?]] {
    (1...7).map { weekday in
      let legal = envelope.hours.ranges(onWeekday: weekday)
      let open = (0..<1_440).map { minute in
        windows.windows.contains { $0.weekday == weekday && $0.startMinute <= minute && minute < $0.endMinute }
          && legal.contains { $0.contains(minute) }
      }
      var hours = [Range<Int>?](repeating: nil, count: 1_440)
      for minute in 0..<1_440 where open[minute] {
        let start = minute > 0 ? hours[minute - 1]?.lowerBound ?? minute : minute
        hours[minute] = start..<(open[minute...].firstIndex(of: false) ?? 1_440)
      }
      return hours
    }
  }

  @Test(arguments: UInt64(1)...80) func theClosedFormIsTheDefinition(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let always = LegalEnvelope(
      region: "XX", rule: "always",
      hours: Dictionary(
        uniqueKeysWithValues: (1...7).compactMap { day in MinuteRange(start: 0, end: 1_440).map { (day, $0) } }))
    let windows = try randomWindows(&generator)
    let envelope = [always, .unitedStates, .australia, .strictest].randomElement(using: &generator) ?? always
    let names = Self.zoneNames.shuffled(using: &generator).prefix(Int.random(in: 1...3, using: &generator))
    let zones = try names.map(zone)

    // Three days on either side of a change of the first zone's clock, if it ever changes.
    let somewhen = Instant(wholeSeconds: Int64.random(in: 1_735_689_600..<2_082_758_400, using: &generator))
    let middle =
      (zones[0].nextTransition(after: somewhen) ?? somewhen).wholeSeconds.flooredDivision(by: 60).quotient * 60
    let minutes = 8 * 1_440
    let start = middle - 4 * 86_400
    let clocks = zones.map { Clock($0, from: start, minutes: minutes) }
    let week = week(windows, envelope)
    let open = (0..<minutes).map { minute in clocks.allSatisfy { $0.isOpen(minute, week) } }

    let window = DialWindow(windows: windows, envelope: envelope)
    let edges = (1..<minutes).filter { open[$0] != open[$0 - 1] }
    let chosen = edges.flatMap { [$0 - 1, $0] } + (0..<40).map { _ in Int.random(in: 0..<minutes, using: &generator) }
    for minute in chosen where (1_440..<minutes - 1_440).contains(minute) {
      let now = Instant(wholeSeconds: start + Int64(minute) * 60)
      let verdict = window.verdict(at: now, zones: zones)
      let next = open[minute...].firstIndex(of: !open[minute])
      let nextInstant = next.map { Instant(wholeSeconds: start + Int64($0) * 60) }
      switch verdict {
      case .open(let until):
        #expect(open[minute], "\(now) \(names)")
        if let nextInstant { #expect(until == nextInstant, "\(now) \(names)") }
      case .closed(_, let opensAt):
        #expect(!open[minute], "\(now) \(names)")
        // The last day is left out: the reference does not see what the clock does after it.
        if let next, let nextInstant, next < minutes - 1_440 { #expect(opensAt == nextInstant, "\(now) \(names)") }
      }
    }
  }
}
