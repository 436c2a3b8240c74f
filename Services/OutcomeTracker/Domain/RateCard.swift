import Core

/// What vendors charge for a call. Prices are in micro-dollars (a millionth of a US dollar).
struct RateCard: Hashable, Sendable {
  /// One vendor's share of a call's cost.
  struct Line: Hashable, Sendable {
    var vendor: String
    var costMicros: Int64
    /// How it was computed, for people.
    var basis: String
  }

  /// Charged for each minute begun, as Twilio does.
  var telephonyMicrosPerMinute: Int64
  /// Charged by the second.
  var engineMicrosPerMinute: Int64

  /// The prices of the three-minute example in the calling integration's design: $0.014 and $0.30 a minute.
  static let standard = RateCard(telephonyMicrosPerMinute: 14_000, engineMicrosPerMinute: 300_000)

  /// The cost of a call with this much talk time. An unanswered call costs nothing.
  func cost(talkTime: Duration, spokeWithEngine: Bool) -> [Line] {
    guard talkTime > .zero else { return [] }
    let seconds = Int64(talkTime.inSeconds.rounded(.up))
    let minutes = (seconds + 59) / 60
    var lines = [
      Line(
        vendor: "twilio", costMicros: minutes * telephonyMicrosPerMinute,
        basis: "\(minutes) min at \(Self.dollars(telephonyMicrosPerMinute)) a minute begun")
    ]
    if spokeWithEngine {
      lines.append(
        Line(
          vendor: "openai_realtime", costMicros: seconds * engineMicrosPerMinute / 60,
          basis: "\(seconds) s at \(Self.dollars(engineMicrosPerMinute)) a minute"))
    }
    return lines
  }

  private static func dollars(_ micros: Int64) -> String {
    let thousandths = micros / 1000
    let fraction = String(1000 + thousandths % 1000).dropFirst()
    return "$\(thousandths / 1000).\(fraction)"
  }
}
