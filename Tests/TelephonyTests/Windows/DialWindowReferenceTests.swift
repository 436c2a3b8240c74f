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
  private static let places = [
    ["US"], ["US-NY"], ["US-FL", "US-TX"], ["US-PA"], ["US-ME"], ["US-RI"], ["AU"], ["AU-NSW"], ["AU-WA", "AU-VIC"],
    ["GB"], ["AU-TAS", "US-UT"], [],
  ]

  private func randomWindows(_ generator: inout SeededGenerator, around day: Int) throws -> CallWindows {
    var windows: [CallWindow] = []
    let step = [1, 15, 30, 60].randomElement(using: &generator) ?? 1
    for weekday in 1...7 where Int.random(in: 0..<5, using: &generator) > 0 {
      let count = Int.random(in: 1...3, using: &generator)
      let edges = Set((0..<count * 2).map { _ in Int.random(in: 0...1_440 / step, using: &generator) * step }).sorted()
      for index in stride(from: 0, to: edges.count - 1, by: 2) {
        windows.append(CallWindow(weekday: weekday, startMinute: edges[index], endMinute: edges[index + 1]))
      }
    }
    let excluded = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
      CivilDate(daysSince1970: day + Int.random(in: -4...4, using: &generator))
    }
    return try CallWindows(windows.isEmpty ? CallWindows.standard.windows : windows, excludedDates: excluded)
  }

  /// For each minute of a local day the hours around it, or nil when it is shut: straight from the rules, day by day.
  private func hours(onDay day: Int, _ windows: CallWindows, _ envelope: LegalEnvelope) -> [Range<Int>?] {
    let date = CivilDate(daysSince1970: day)
    let rules = envelope.rules.filter { rule in rule.validFrom.map { date >= $0 } ?? true }
    let isShut =
      windows.excludedDates.contains(date)
      || envelope.bound.contains { bound in
        bound.rule.shutsOnHolidays
          && bound.calendars.contains { $0.holiday(on: date) != nil || !$0.isComplete(on: date) }
      }
    let open = (0..<1_440).map { minute in
      !isShut
        && windows.windows.contains {
          $0.weekday == date.weekday && $0.startMinute <= minute && minute < $0.endMinute
        }
        && rules.allSatisfy { $0.hours.ranges(onWeekday: date.weekday).contains { $0.contains(minute) } }
    }
    return ReferenceClock.runs(open)
  }

  @Test(arguments: UInt64(1)...120) func theClosedFormIsTheDefinition(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let names = Self.zoneNames.shuffled(using: &generator).prefix(Int.random(in: 1...3, using: &generator))
    let zones = try names.map(zone)
    // Four days on either side of a change of the first zone's clock or of a day on which a rule changes.
    let somewhen = Instant(wholeSeconds: Int64.random(in: 1_735_689_600..<1_850_000_000, using: &generator))
    let days = try ["2026-10-18", "2026-04-03", "2026-12-25", "2028-12-31", "2024-12-31"].map {
      try #require(CivilDate($0)).startInUTC
    }
    let change = zones[0].nextTransition(after: somewhen) ?? somewhen
    let middle = (days + [change, change, change]).randomElement(using: &generator) ?? change
    let minutes = 8 * 1_440
    let start = middle.wholeSeconds.flooredDivision(by: 60).quotient * 60 - 4 * 86_400

    let windows = try randomWindows(&generator, around: middle.utcDate.daysSince1970)
    let places = Self.places.randomElement(using: &generator) ?? []
    let always = LegalEnvelope(
      region: "XX", rule: "always",
      hours: Dictionary(
        uniqueKeysWithValues: (1...7).compactMap { day in MinuteRange(start: 0, end: 1_440).map { (day, $0) } }))
    let envelope = Bool.random(using: &generator) ? always : CallingPlace(places: places, zones: zones).envelope

    let clocks = zones.map { ReferenceClock($0, from: start, minutes: minutes) }
    var hoursOfDay: [Int: [Range<Int>?]] = [:]
    let open = (0..<minutes).map { minute in
      clocks.allSatisfy { clock in
        let (day, minuteOfDay) = clock.day(minute)
        let hours = hoursOfDay[day] ?? hours(onDay: day, windows, envelope)
        hoursOfDay[day] = hours
        return clock.isWithin(hours[minuteOfDay], minute)
      }
    }

    let window = DialWindow(windows: windows, envelope: envelope)
    let edges = (1..<minutes).filter { open[$0] != open[$0 - 1] }
    let chosen = edges.flatMap { [$0 - 1, $0] } + (0..<40).map { _ in Int.random(in: 0..<minutes, using: &generator) }
    for minute in chosen where (1_440..<minutes - 1_440).contains(minute) {
      let now = Instant(wholeSeconds: start + Int64(minute) * 60)
      let next = open[minute...].firstIndex(of: !open[minute])
      let nextInstant = next.map { Instant(wholeSeconds: start + Int64($0) * 60) }
      let explanation = window.explain(at: now, zones: zones)
      #expect(explanation.findings.allSatisfy(\.allows) == open[minute], "\(now) \(names) \(places)")
      switch explanation.verdict {
      case .open(let until):
        #expect(open[minute], "\(now) \(names) \(places)")
        if let nextInstant { #expect(until == nextInstant, "\(now) \(names) \(places)") }
        #expect(explanation.opensAt == now)
      case .closed(_, let opensAt):
        #expect(!open[minute], "\(now) \(names) \(places)")
        // The last day is left out: the reference does not see what the clock does after it.
        if let next, let nextInstant, next < minutes - 1_440 {
          #expect(opensAt == nextInstant, "\(now) \(names) \(places)")
        }
        #expect(explanation.opensAt == opensAt && window.nextOpening(after: now, zones: zones) == opensAt)
      }
    }
  }
}
