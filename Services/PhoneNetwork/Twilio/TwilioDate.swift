import Core

/// Dates as Twilio's REST API and its webhooks write them (RFC 2822, UTC), and as its list filters read them.
enum TwilioDate {
  private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// "Mon, 02 Mar 2026 09:00:00 +0000".
  static func text(_ instant: Instant) -> String {
    let date = instant.utcDate
    let second = Int(date.startInUTC.duration(to: instant).components.seconds)
    let time = [second / 3_600, second / 60 % 60, second % 60].map(twoDigits).joined(separator: ":")
    return "\(weekdays[date.weekday - 1]), \(twoDigits(date.day)) \(months[date.month - 1]) \(date.year) \(time) +0000"
  }

  /// A filter's value: "2026-03-02" (its start) or "2026-03-02T09:00:00Z".
  static func filter(_ text: String) -> Instant? {
    CivilDate(text)?.startInUTC ?? Instant(rfc3339: text)
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
