import Core
import Telephony

/// How many calls a campaign may start right now, and which of its limits says so. Pure.
struct Allowance: Hashable, Sendable {
  /// The limit that binds; more would be allowed without it.
  enum Limit: String, Sendable {
    case concurrency
    case callsPerMinute = "calls_per_minute"
    case callsPerDay = "calls_per_day"
    case schedule
  }

  /// Calls made in the running day and minute. Kept in the database, moved only by a claim.
  struct Counters: Hashable, Sendable {
    /// In the campaign's zone.
    var day: CivilDate
    var dayCalls: Int
    var minuteStart: Instant
    var minuteCalls: Int

    /// The counters as they stand at `now`: a new day or minute starts at zero. Never goes back: when another instance,
    /// whose clock is ahead, has begun a new one, what is left of the old one counts into it.
    func rolled(to now: Instant, zone: TimeZoneRules) -> Counters {
      let today = max(day, zone.local(at: now).date)
      let minute = max(
        minuteStart, Instant(microsecondsSince1970: now.microsecondsSince1970 / 60_000_000 * 60_000_000))
      return Counters(
        day: today, dayCalls: today == day ? dayCalls : 0,
        minuteStart: minute, minuteCalls: minute == minuteStart ? minuteCalls : 0)
    }

    mutating func count(_ calls: Int) {
      dayCalls += calls
      minuteCalls += calls
    }
  }

  var calls: Int
  var limit: Limit

  /// - Parameters:
  ///   - live: Concurrency leases that have not expired.
  ///   - counters: Rolled to now.
  init(rules: CampaignRules, live: Int, counters: Counters, now: Instant) {
    guard rules.runs(at: now) else {
      (calls, limit) = (0, .schedule)
      return
    }
    var tightest = (calls: rules.maxConcurrentCalls - live, limit: Limit.concurrency)
    if let cap = rules.maxCallsPerMinute, cap - counters.minuteCalls < tightest.calls {
      tightest = (cap - counters.minuteCalls, .callsPerMinute)
    }
    if let cap = rules.maxCallsPerDay, cap - counters.dayCalls < tightest.calls {
      tightest = (cap - counters.dayCalls, .callsPerDay)
    }
    (calls, limit) = (max(0, tightest.calls), tightest.limit)
  }
}
