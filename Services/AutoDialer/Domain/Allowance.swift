import Core
import Telephony

/// How many calls a campaign may start right now, and which of its limits says so. Pure.
struct Allowance: Hashable, Sendable {
  /// The limit that binds; more would be allowed without it.
  enum Limit: String, Sendable {
    case schedule
    case concurrency
    case callsPerMinute = "calls_per_minute"
    case callsPerDay = "calls_per_day"
    case budget
    case callerID = "caller_id"
    case tenantConcurrency = "tenant_concurrency"
    case tenantCallsPerDay = "tenant_calls_per_day"
    case providerConcurrency = "provider_concurrency"
    case providerCallsPerMinute = "provider_calls_per_minute"
    /// The provider's circuit breaker is open or probing.
    case providerBroken = "provider_broken"
    /// The provider said "too many requests", or every media slot is taken.
    case providerHeld = "provider_held"
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
      let minute = max(minuteStart, now.startOfMinute)
      return Counters(
        day: today, dayCalls: today == day ? dayCalls : 0,
        minuteStart: minute, minuteCalls: minute == minuteStart ? minuteCalls : 0)
    }

    mutating func count(_ calls: Int) {
      dayCalls += calls
      minuteCalls += calls
    }
  }

  /// All that stands against more calls of a campaign.
  struct Circumstances: Sendable {
    /// Slots that its calls hold.
    var live: Int
    /// Rolled to now.
    var counters: Counters
    var budget: Budget
    /// Calls that a number can still be shown on; nil: any number.
    var callerIDs: Int?
    var tenant: TenantStanding
    var provider: ProviderStanding
  }

  var calls: Int
  var limit: Limit
}

extension Allowance {
  init(rules: CampaignRules, _ now: Circumstances, at instant: Instant) {
    guard rules.runs(at: instant) else {
      (calls, limit) = (0, .schedule)
      return
    }
    var caps: [(calls: Int, limit: Limit)] = [(rules.maxConcurrentCalls - now.live, .concurrency)]
    func cap(_ most: Int?, less used: Int = 0, _ limit: Limit) {
      if let most { caps.append((most - used, limit)) }
    }
    cap(rules.maxCallsPerMinute, less: now.counters.minuteCalls, .callsPerMinute)
    cap(rules.maxCallsPerDay, less: now.counters.dayCalls, .callsPerDay)
    cap(now.budget.calls, .budget)
    cap(now.callerIDs, .callerID)
    caps += now.tenant.caps + now.provider.caps(at: instant)
    let tightest = caps.min { $0.calls < $1.calls } ?? caps[0]
    (calls, limit) = (max(0, tightest.calls), tightest.limit)
  }
}

extension Instant {
  var startOfMinute: Instant { Instant(microsecondsSince1970: microsecondsSince1970 / 60_000_000 * 60_000_000) }
}

/// What a tenant allows all its campaigns together, and what they have used of it. Pure.
struct TenantStanding: Hashable, Sendable {
  /// Nil: no limit.
  var maxCallsPerDay: Int?
  var maxConcurrentCalls: Int?
  /// Slots that calls of all its campaigns hold.
  var live = 0
  /// In the tenant's zone, today.
  var dayCalls = 0

  var caps: [(calls: Int, limit: Allowance.Limit)] {
    var caps: [(calls: Int, limit: Allowance.Limit)] = []
    if let most = maxConcurrentCalls { caps.append((most - live, .tenantConcurrency)) }
    if let most = maxCallsPerDay { caps.append((most - dayCalls, .tenantCallsPerDay)) }
    return caps
  }
}

/// What a provider takes from a tenant, and how it stands. Pure.
struct ProviderStanding: Hashable, Sendable {
  /// Nil: no limit.
  var maxConcurrentCalls: Int?
  /// Share of those that outbound calls leave free for inbound ones, 0 to 100.
  var inboundPercent = 0
  var maxCallsPerMinute: Int?
  /// Slots that calls of all the tenant's campaigns hold with it.
  var live = 0
  /// In this minute.
  var minuteCalls = 0
  var breaker = CircuitBreaker()
  var hold: Hold?

  /// Nothing is placed for a while.
  struct Hold: Hashable, Sendable {
    var until: Instant
    /// Since when that has been so, one hold after the other.
    var since: Instant
    var reason: Blockage.Reason
  }

  /// Calls at once that outbound campaigns may have; what is kept for inbound is rounded up.
  var outboundCalls: Int? { maxConcurrentCalls.map { $0 - ($0 * inboundPercent + 99) / 100 } }

  func caps(at now: Instant) -> [(calls: Int, limit: Allowance.Limit)] {
    var caps: [(calls: Int, limit: Allowance.Limit)] = []
    if let most = outboundCalls { caps.append((most - live, .providerConcurrency)) }
    if let most = maxCallsPerMinute { caps.append((most - minuteCalls, .providerCallsPerMinute)) }
    switch breaker.gate(at: now) {
    case .closed: break
    case .open: caps.append((0, .providerBroken))
    case .probing: caps.append((1 - live, .providerBroken))
    }
    if let hold, now < hold.until { caps.append((0, .providerHeld)) }
    return caps
  }
}
