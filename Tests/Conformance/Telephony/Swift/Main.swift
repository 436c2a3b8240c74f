import Core
import Telephony

/// Answers questions about numbers and time zones on standard output, one line for each line of standard input, fields
/// separated by tabs; `compare.py` asks them of Python's libraries as well.
///
///     number <region or -> <text>   ->  ok <E.164> <region> <type> <zone,zone,…>  |  error <code>
///     zone <name>                   ->  known  |  unknown
///     local <name> <seconds>        ->  <offset in seconds> <local time>
///     instants <name> <seconds since 1970 on the local clock>  ->  <seconds> …
///     next <name> <seconds>         ->  <seconds>  |  never
///     window <zone> <minute-minute,…> <seconds>  ->  open <until>  |  closed <opens at>
///     law <place,…> <zone> <seconds>             ->  open  |  closed
///     holidays <place> <year>                    ->  <date> …
@main
enum Main {
  static func main() {
    while let line = readLine() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      print(answer(fields) ?? "malformed question")
    }
  }

  private static func answer(_ fields: [String]) -> String? {
    guard fields.count >= 2 else { return nil }
    switch fields[0] {
    case "number": return fields.count == 3 ? number(fields[2], region: fields[1] == "-" ? nil : fields[1]) : nil
    case "window", "law": return fields.count == 4 ? calling(fields) : nil
    case "holidays": return fields.count == 3 ? holidays(fields[1], year: fields[2]) : nil
    case "zone": return TimeZoneRules.named(fields[1]) == nil ? "unknown" : "known"
    default: return zone(fields)
    }
  }

  private static func holidays(_ place: String, year: String) -> String? {
    guard let calendar = HolidayCalendar.of(place), let year = Int(year) else { return "unknown" }
    let country = place.contains("-") ? HolidayCalendar.of(String(place.prefix(2))) : nil
    let dates = [calendar, country].compactMap(\.self).flatMap { $0.holidays(inYear: year).map(\.date) }
    return Set(dates).sorted().map(\.description).joined(separator: "\t")
  }

  private static func calling(_ fields: [String]) -> String? {
    let isLaw = fields[0] == "law"
    guard let seconds = Int64(fields[3]), let zone = TimeZoneRules.named(fields[isLaw ? 2 : 1]) else { return nil }
    let ranges = (isLaw ? "0-1440" : fields[2]).split(separator: ",").map {
      $0.split(separator: "-").compactMap { Int($0) }
    }
    let days = (1...7).flatMap { day in
      ranges.filter { $0.count == 2 }.map { CallWindow(weekday: day, startMinute: $0[0], endMinute: $0[1]) }
    }
    guard let windows = try? CallWindows(days), let whole = MinuteRange(start: 0, end: 1_440) else { return nil }
    let always = LegalEnvelope(
      region: "-", rule: "none", hours: Dictionary(uniqueKeysWithValues: (1...7).map { ($0, whole) }))
    let places = fields[1].split(separator: ",").map(String.init)
    let envelope = isLaw ? CallingPlace(places: places, zones: [zone]).envelope : always
    let now = Instant(microsecondsSince1970: seconds * 1_000_000)
    switch DialWindow(windows: windows, envelope: envelope).verdict(at: now, zones: [zone]) {
    case .open(let until): return isLaw ? "open" : "open\t\(until.microsecondsSince1970 / 1_000_000)"
    case .closed(_, let opensAt):
      return isLaw ? "closed" : "closed\t\(opensAt.map { String($0.microsecondsSince1970 / 1_000_000) } ?? "never")"
    }
  }

  private static func number(_ text: String, region: String?) -> String {
    do throws(PhoneNumberError) {
      let number = try PhoneNumber.parse(text, defaultRegion: region)
      let zones = number.possibleTimeZones.joined(separator: ",")
      return "ok\t\(number.e164)\t\(number.region)\t\(number.type.rawValue)\t\(zones)"
    } catch {
      return "error\t\(error.code)"
    }
  }

  private static func zone(_ fields: [String]) -> String? {
    guard fields.count == 3, let seconds = Int64(fields[2]) else { return nil }
    guard let zone = TimeZoneRules.named(fields[1]) else { return "unknown" }
    let instant = Instant(microsecondsSince1970: seconds * 1_000_000)
    switch fields[0] {
    case "local": return "\(zone.offset(at: instant).components.seconds)\t\(zone.local(at: instant))"
    case "instants":
      let day = instant.utcDate
      let second = Int((instant.microsecondsSince1970 - day.startInUTC.microsecondsSince1970) / 1_000_000)
      let found = zone.instants(of: LocalDateTime(date: day, secondOfDay: second))
      return found.map { String($0.microsecondsSince1970 / 1_000_000) }.joined(separator: "\t")
    case "next":
      return zone.nextTransition(after: instant).map { String($0.microsecondsSince1970 / 1_000_000) } ?? "never"
    default: return nil
    }
  }
}
