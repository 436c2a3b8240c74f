import Core
import Telephony

/// What limits a campaign's calls, carried on through the days to come. Pure.
///
/// What other campaigns of the tenant will use of what they share is not foreseen.
struct ForecastLimits: Sendable {
  /// A number of calls a day on somebody's calendar.
  private struct Daily {
    var most: Int
    var limit: Allowance.Limit
    var zone: TimeZoneRules
    var day: CivilDate
    var used: Int

    mutating func roll(to now: Instant) {
      let today = zone.local(at: now).date
      if today > day { (day, used) = (today, 0) }
    }
  }

  /// A number to show.
  private struct Shown {
    var callerID: CallerID
    /// Calls that may still show it, until it is looked at again.
    var left = 0

    /// When time alone changes what it may do.
    func nextChange(after now: Instant) -> Instant {
      let tomorrow = CivilDate(daysSince1970: callerID.day.daysSince1970 + 1)
      let changes = [
        callerID.zone.start(of: tomorrow, after: now), callerID.standing.restsUntil, callerID.breaker.openUntil,
      ]
      return changes.compactMap(\.self).filter { $0 > now }.min() ?? now + .days(1)
    }
  }

  /// The tightest number of calls at once.
  private(set) var lines: (most: Int, limit: Allowance.Limit)
  /// That of tenant and provider.
  private let sharedLines: (most: Int, limit: Allowance.Limit)?
  /// The tightest number of calls a minute.
  let perMinute: (most: Int, limit: Allowance.Limit)?
  private var daily: [Daily] = []
  private var budget: Budget
  private var numbers: [Shown] = []
  /// When the numbers have to be looked at again; nil: they limit nothing.
  private var numbersChangeAt: Instant?
  /// Of the running step.
  private var lineSeconds = 0.0
  private var minuteCalls = Int.max
  private let longestCost: Int64

  /// - Parameters:
  ///   - now: As of when `circumstances` are.
  init(
    rules: CampaignRules, _ circumstances: Allowance.Circumstances, stock: CallerIDStock, tenantZone: TimeZoneRules,
    assumptions: ForecastAssumptions, now: Instant
  ) {
    var shared: [(most: Int, limit: Allowance.Limit)] = []
    if let most = circumstances.tenant.maxConcurrentCalls { shared.append((most, .tenantConcurrency)) }
    if let most = circumstances.provider.outboundCalls { shared.append((most, .providerConcurrency)) }
    sharedLines = shared.min { $0.most < $1.most }
    lines = (rules.maxConcurrentCalls, .concurrency)
    var perMinute: [(most: Int, limit: Allowance.Limit)] = []
    if let most = rules.maxCallsPerMinute { perMinute.append((most, .callsPerMinute)) }
    if let most = circumstances.provider.maxCallsPerMinute { perMinute.append((most, .providerCallsPerMinute)) }
    self.perMinute = perMinute.min { $0.most < $1.most }
    if let most = rules.maxCallsPerDay {
      daily.append(
        Daily(
          most: most, limit: .callsPerDay, zone: rules.zone, day: rules.zone.local(at: now).date,
          used: circumstances.counters.dayCalls))
    }
    if let most = circumstances.tenant.maxCallsPerDay {
      daily.append(
        Daily(
          most: most, limit: .tenantCallsPerDay, zone: tenantZone, day: tenantZone.local(at: now).date,
          used: circumstances.tenant.dayCalls))
    }
    budget = circumstances.budget
    longestCost = max(1, assumptions.byCall.joined().map(\.costMicros).max() ?? 1)
    if circumstances.callerIDs != nil {
      numbers = stock.numbers.map { Shown(callerID: $0) }
      numbersChangeAt = .distantPast
    }
    lines = tightest(rules.maxConcurrentCalls)
  }

  /// The same where the campaign asks for another number of calls at once.
  func withConcurrency(_ most: Int) -> ForecastLimits {
    var limits = self
    limits.lines = tightest(most)
    return limits
  }

  private func tightest(_ campaign: Int) -> (most: Int, limit: Allowance.Limit) {
    if let sharedLines, sharedLines.most < campaign { return sharedLines }
    return (campaign, .concurrency)
  }

  /// A step of this length begins.
  mutating func begin(_ now: Instant, length: Duration) {
    for index in daily.indices { daily[index].roll(to: now) }
    if let changeAt = numbersChangeAt, now >= changeAt { rollNumbers(to: now) }
    // What calls of the last step hold beyond its end is missing now.
    lineSeconds = Double(max(0, lines.most)) * length.inSeconds + min(0, lineSeconds)
    minuteCalls = perMinute.map { $0.most * max(1, Int((length / .minutes(1)).rounded(.up))) } ?? .max
  }

  /// How many calls more may start in this step, and what says so.
  ///
  /// - Parameter seconds: For which one of them holds a line, in the mean.
  func room(seconds: Double) -> (calls: Int, limit: Allowance.Limit) {
    let byLines = lineSeconds > 0 ? max(1, Int(lineSeconds / max(seconds, 0.1))) : 0
    var tightest = (calls: byLines, limit: lines.limit)
    func cap(_ calls: Int, _ limit: Allowance.Limit) {
      if calls < tightest.calls { tightest = (calls, limit) }
    }
    if let perMinute { cap(minuteCalls, perMinute.limit) }
    for day in daily { cap(day.most - day.used, day.limit) }
    if let left = budgetCalls { cap(left, .budget) }
    if numbersChangeAt != nil { cap(numberCalls, .callerID) }
    return (max(0, tightest.calls), tightest.limit)
  }

  /// Calls that are safe whatever they turn out to cost.
  private var budgetCalls: Int? {
    guard let limit = budget.limit else { return nil }
    guard !budget.isExhausted else { return 0 }
    return Int((limit - budget.spent - budget.expected) / longestCost) + 1
  }

  /// Far below the largest number, since it is added up.
  private static let unlimited = 1 << 40

  private var numberCalls: Int { numbers.reduce(0) { $0 + $1.left } }

  mutating func count(_ calls: Int, lineSeconds seconds: Double) {
    lineSeconds -= seconds
    if perMinute != nil { minuteCalls -= calls }
    for index in daily.indices { daily[index].used += calls }
    guard numbersChangeAt != nil else { return }
    var left = calls
    for index in numbers.indices where left > 0 {
      let shown = min(left, numbers[index].left)
      numbers[index].callerID.dayCalls += shown
      numbers[index].left -= shown
      left -= shown
    }
  }

  mutating func spend(_ micros: Int64) { budget.spent += micros }

  /// What ends all calls for good.
  var stop: Forecast.Stop? {
    if budget.isExhausted { return .budget }
    let mayReturn = numbers.contains { number in
      number.callerID.standing.state != .quarantined && number.callerID.standing.state != .retired
    }
    return numbersChangeAt != nil && !mayReturn ? .callerID : nil
  }

  private mutating func rollNumbers(to now: Instant) {
    for index in numbers.indices {
      numbers[index].callerID.roll(to: now)
      // A breaker that has rested is taken to find that the number works.
      if case .probing = numbers[index].callerID.breaker.gate(at: now) { numbers[index].callerID.breaker.succeeded() }
      numbers[index].left = numbers[index].callerID.room(at: now) ?? Self.unlimited
    }
    numbersChangeAt = numbers.map { $0.nextChange(after: now) }.min() ?? now + .days(1)
  }
}
