import Core
import Foundation
import Testing

@testable import Telephony

/// Every clock of the tz database at every change from 2024 to 2034, against the minute-by-minute definition.
@Suite struct EveryZoneTests {
  private static let groups = 8
  private static let hoursAround = 6

  /// Every zone of the system whose clock differs from those before it.
  private static let clocks: [TimeZoneRules] = {
    let folder = "/usr/share/zoneinfo"
    let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return files.filter { !$0.hasPrefix("posix/") && !$0.hasPrefix("right/") }.sorted()
      .compactMap(TimeZoneRules.named).withoutRepeatedClocks()
  }()

  @Test func thereAreManyClocks() { #expect(Self.clocks.count > 80) }

  /// Hours with edges at every quarter of an hour around the clock, so that some edge falls into every gap and overlap.
  private func windows(_ generator: inout SeededGenerator) throws -> CallWindows {
    let shift = Int.random(in: 0..<4, using: &generator) * 15
    let whole = [CallWindow(weekday: 1, startMinute: 0, endMinute: 1_440)]
    let short = stride(from: shift, to: 1_380, by: 90).prefix(6).map {
      CallWindow(weekday: 1, startMinute: $0, endMinute: $0 + [15, 30, 60].randomElement(using: &generator)!)
    }
    let late = [CallWindow(weekday: 1, startMinute: 1_320 + shift, endMinute: 1_440)]
    let day = [whole, Array(short), late, [CallWindow(weekday: 1, startMinute: 0, endMinute: 60 + shift)]]
      .randomElement(using: &generator)!
    return try CallWindows(
      (1...7).flatMap { weekday in
        day.map { CallWindow(weekday: weekday, startMinute: $0.startMinute, endMinute: $0.endMinute) }
      })
  }

  @Test(arguments: 0..<groups) func everyChangeOfEveryClock(group: Int) throws {
    var generator = SeededGenerator(seed: UInt64(group))
    let always = LegalEnvelope(region: "XX", bound: [], holidays: [])
    let first = try at("2024-01-01T00:00:00Z")
    let last = try at("2034-12-31T00:00:00Z")
    for (index, zone) in Self.clocks.enumerated() where index % Self.groups == group {
      var instant = first
      while let change = zone.nextTransition(after: instant), change < last {
        instant = change
        let windows = try windows(&generator)
        check(DialWindow(windows: windows, envelope: always), windows, zone, at: change, &generator)
      }
    }
  }

  private func check(
    _ window: DialWindow, _ windows: CallWindows, _ zone: TimeZoneRules, at change: Instant,
    _ generator: inout SeededGenerator
  ) {
    let minutes = Self.hoursAround * 2 * 60
    let start = change.wholeSeconds - Int64(minutes / 2) * 60
    let clock = ReferenceClock(zone, from: start, minutes: minutes)
    // The same on every weekday.
    let day = windows.windows.filter { $0.weekday == 1 }
    let hours = ReferenceClock.runs(
      (0..<1_440).map { minute in
        day.contains { $0.startMinute <= minute && minute < $0.endMinute }
      })
    let open = (0..<minutes).map { clock.isWithin(hours[clock.day($0).minuteOfDay], $0) }
    let edges = (1..<minutes).filter { open[$0] != open[$0 - 1] }.flatMap { [$0 - 1, $0] }
    let chosen = edges.shuffled(using: &generator).prefix(4) + [minutes / 2 - 1, minutes / 2]
    // Two hours at either end are left out: the reference does not see what the clock does beyond.
    for minute in chosen where (120..<minutes - 120).contains(minute) {
      let now = Instant(wholeSeconds: start + Int64(minute) * 60)
      let next = open[minute...].firstIndex(of: !open[minute]).flatMap { $0 < minutes - 120 ? $0 : nil }
      let nextInstant = next.map { Instant(wholeSeconds: start + Int64($0) * 60) }
      switch window.verdict(at: now, zones: [zone]) {
      case .open(let until): #expect(open[minute] && until == nextInstant ?? until, "\(zone.name) \(now)")
      case .closed(_, let opensAt):
        #expect(!open[minute] && (nextInstant == nil || opensAt == nextInstant), "\(zone.name) \(now)")
      }
    }
  }
}
