import Core
import Telephony

/// How one ended call is counted in its campaign's analytics. Pure.
struct CallTally: Hashable, Sendable {
  /// Sums by name.
  enum Sum: String, CaseIterable, Sendable {
    case answered, reached
    /// In microseconds, of answered calls.
    case talk
  }

  var outcome: CallOutcome
  var at: Instant
  var answered: Bool
  var talk: Duration
  /// From 1.
  var attempt: Int

  /// - Parameters:
  ///   - zone: Where the lead lives; nil when it is not known, then the call counts in no hour.
  ///   - isFirstReach: No person had spoken in an earlier call at the lead.
  func count(in change: inout ProgressChange, zone: TimeZoneRules?, isFirstReach: Bool) {
    change.count(outcome.rawValue, .attempt)
    if answered {
      change.count(Sum.answered.rawValue, .sum)
      change.count(Sum.talk.rawValue, .sum, by: Int(talk.microseconds))
    }
    if outcome.reachedPerson { change.count(Sum.reached.rawValue, .sum) }
    if isFirstReach { change.count(String(attempt), .reachedOn) }
    guard let zone else { return }
    let hour = Hour(zone.local(at: at))
    change.count(hour.key, .hour)
    if answered { change.count(hour.key, .hourAnswered) }
  }

  /// An hour of the week, kept as "1-09".
  struct Hour: Hashable, Sendable {
    /// ISO 8601: 1 is Monday.
    var weekday: Int
    var hour: Int

    init(_ local: LocalDateTime) {
      weekday = local.date.weekday
      hour = local.minuteOfDay / 60
    }

    init?(key: String) {
      let parts = key.split(separator: "-").compactMap { Int($0) }
      guard parts.count == 2, (1...7).contains(parts[0]), (0...23).contains(parts[1]) else { return nil }
      (weekday, hour) = (parts[0], parts[1])
    }

    /// Sorts as the hours do.
    var key: String { "\(weekday)-\(hour < 10 ? "0" : "")\(hour)" }
  }
}
