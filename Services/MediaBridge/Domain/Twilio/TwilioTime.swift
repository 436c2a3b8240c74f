import Core

/// Twilio's dates: RFC 2822, `Mon, 02 Mar 2026 09:00:00 +0000`.
enum TwilioTime {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Nil for anything else. The weekday may be absent and is not checked; `GMT` and `UT` are UTC.
  static func parse(_ text: String) -> Instant? {
    guard text.utf8.count <= 64 else { return nil }
    var words = text.split(separator: " ")
    if words.first?.hasSuffix(",") == true { words.removeFirst() }
    guard words.count == 5, let day = number(words[0], 1...2), let month = months.firstIndex(of: String(words[1])),
      let year = number(words[2], 4...4), let date = CivilDate(year: year, month: month + 1, day: day),
      let seconds = timeOfDay(words[3]), let offset = offset(words[4])
    else { return nil }
    return date.startInUTC + .seconds(seconds - offset)
  }

  static func format(_ instant: Instant) -> String {
    let date = instant.utcDate
    let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    let second = Int(date.startInUTC.duration(to: instant).inSeconds)
    let time = [second / 3_600, second / 60 % 60, second % 60].map(padded).joined(separator: ":")
    return "\(weekdays[date.weekday - 1]), \(padded(date.day)) \(months[date.month - 1]) \(date.year) \(time) +0000"
  }

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

  private static func number(_ text: Substring, _ digits: ClosedRange<Int>) -> Int? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return Int(text)
  }

  private static func timeOfDay(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let hour = number(parts[0], 2...2), let minute = number(parts[1], 2...2),
      let second = number(parts[2], 2...2), hour < 24, minute < 60, second <= 60
    else { return nil }
    return hour * 3_600 + minute * 60 + second
  }

  private static func offset(_ text: Substring) -> Int? {
    if text == "GMT" || text == "UT" { return 0 }
    guard text.utf8.count == 5, let sign = text.first, sign == "+" || sign == "-",
      let hours = number(text.dropFirst().prefix(2), 2...2), let minutes = number(text.suffix(2), 2...2), minutes < 60
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60)
  }
}
