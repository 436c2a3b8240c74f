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
    case "zone": return TimeZoneRules.named(fields[1]) == nil ? "unknown" : "known"
    default: return zone(fields)
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
