import Core
import Glibc
import Telephony

/// Times the questions that the dialer asks of the rules for every lead. Build with `-c release`; prints a line for each
/// question with its mean time on the processor over many instants of a year, and how often the window was open.
@main
enum Main {
  private static let year: Int64 = 365 * 86_400
  private static let start: Int64 = 1_767_225_600  // 2026-01-01

  static func main() throws {
    let questions: [(String, CallingPlace)] = [
      ("one zone, New York", try place("+12125550123")),
      ("one zone, Victoria", try place("+61491570156", zone: "Australia/Melbourne", country: "AU", state: "VIC")),
      ("one zone, eastern Australia", try place("+61491570156", zone: "Australia/Sydney")),
      ("two zones, New York and California", try place("+12125550123", country: "US", state: "CA")),
      ("eight zones, Australian mobile", try place("+61491570156")),
      ("all zones, toll-free in the United States", try place("+18005550199")),
    ]
    for (name, place) in questions {
      let window = DialWindow(windows: .standard, place: place)
      measure("verdict: \(name)", turns: place.zones.count > 2 ? 2_000 : 400_000) { instant in
        if case .open = window.verdict(at: instant, zones: place.zones) { true } else { false }
      }
    }
    let newYork = try place("+12125550123")
    measure("window of a known place", turns: 100_000) { _ in
      !DialWindow(windows: .standard, place: newYork).windows.windows.isEmpty
    }
    let number = try PhoneNumber.parse("+12125550123", defaultRegion: nil)
    measure("place of a parsed number", turns: 100_000) { _ in !CallingPlace(number: number).zones.isEmpty }
    let mobile = try PhoneNumber.parse("+61491570156", defaultRegion: nil)
    measure("place of a mobile with a zone", turns: 20_000) { _ in
      !CallingPlace(number: mobile, zone: "Australia/Sydney").zones.isEmpty
    }
    let window = DialWindow(windows: .standard, place: newYork)
    measure("explanation, New York", turns: 20_000) { instant in
      window.explain(at: instant, zones: newYork.zones).findings.allSatisfy(\.allows)
    }
  }

  private static func place(
    _ number: String, zone: String = "", country: String = "", state: String = ""
  ) throws -> CallingPlace {
    CallingPlace(
      number: try PhoneNumber.parse(number, defaultRegion: nil), zone: zone,
      address: country.isEmpty ? nil : try LeadAddress(country: country, state: state))
  }

  private static func measure(_ name: String, turns: Int, _ ask: (Instant) -> Bool) {
    var generator = SeededGenerator(seed: 1)
    let instants = (0..<1_024).map { _ in
      Instant(microsecondsSince1970: (start + Int64.random(in: 0..<year, using: &generator)) * 1_000_000)
    }
    var yes = 0
    let before = processorNanoseconds()
    for turn in 0..<turns where ask(instants[turn % instants.count]) { yes += 1 }
    let nanoseconds = (processorNanoseconds() - before) / turns
    print("\(name): \(nanoseconds) ns, yes \(yes * 100 / turns) %")
  }

  /// What this process has had of the processor, so that a busy machine counts less.
  private static func processorNanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
