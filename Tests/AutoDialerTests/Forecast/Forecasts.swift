import Core
import Telephony
import Testing

@testable import AutoDialer

/// Apart from the message of the same name.
typealias Assumed = ForecastAssumptions

/// Campaigns and leads to foretell, out of nothing but a seed.
struct Forecasts {
  var rules: CampaignRules
  var circumstances: Allowance.Circumstances
  var stock = CallerIDStock([], style: .leastUsed, now: Dialers.monday)
  var assumptions = ForecastAssumptions.standard
  var groups: [Forecast.Group] = []
  var start = Dialers.monday
  var days = 120
  var seed: UInt64 = 1

  init() throws {
    let zone = try #require(TimeZoneRules.named("America/New_York"))
    rules = CampaignRules(
      tenant: .standard, campaign: CampaignID(UniqueID(high: 1, low: 1)), policyVersion: 1, callType: .qualifyLead,
      hours: DialWindows(.standard), zone: zone, retries: .standard, maxCallsPerLead: 3, maxConcurrentCalls: 10,
      callerIDs: ["+15005550006"])
    circumstances = Allowance.Circumstances(
      live: 0,
      counters: Allowance.Counters(
        day: zone.local(at: Dialers.monday).date, dayCalls: 0, minuteStart: Dialers.monday.startOfMinute, minuteCalls: 0
      ),
      budget: Budget(limit: nil, spent: 0, reserved: 0, expected: 180_000), callerIDs: nil,
      tenant: TenantStanding(), provider: ProviderStanding())
  }

  var question: Forecast.Question {
    Forecast.Question(
      groups: groups, rules: rules,
      limits: ForecastLimits(
        rules: rules, circumstances, stock: stock, tenantZone: rules.zone, assumptions: assumptions, now: start),
      assumptions: assumptions, start: start, horizon: .days(days), seed: seed)
  }

  func foretell() async throws -> Forecast { try await Forecast.foretell(question) }

  mutating func add(
    _ count: Int, phone: String = "+12125551234", zone: String = "", dueAt: Instant? = nil, expiresAt: Instant? = nil
  ) throws {
    let callee = Callee(numbers: [try Self.number(0, phone, zone: zone)], joinedAt: .distantPast)
    add(count, callee, dueAt: dueAt, expiresAt: expiresAt)
  }

  mutating func add(_ count: Int, _ callee: Callee, dueAt: Instant? = nil, expiresAt: Instant? = nil) {
    groups.append(
      Forecast.Group(
        callee: callee,
        entry: QueueEntry(lead: LeadID(UniqueID(high: 0, low: 0)), rank: 1, dueAt: dueAt ?? start),
        expiresAt: expiresAt, count: count, example: LeadID(UniqueID(high: 9, low: UInt64(groups.count)))))
  }

  static func number(_ index: Int, _ phone: String, zone: String = "") throws -> Callee.Number {
    Callee.Number(
      index: index, phone: ForecastPast.phone(index),
      place: LeadPlace(number: try PhoneNumber.parse(phone, defaultRegion: nil), zone: zone, address: nil),
      consent: .unknown)
  }

  /// Calls that all end alike.
  static func always(_ outcome: CallOutcome, seconds: Int = 60, costMicros: Int64 = 0) throws -> ForecastAssumptions {
    try #require(
      ForecastAssumptions(byCall: [
        [.init(outcome: outcome, share: 1, ringing: .seconds(seconds), costMicros: costMicros)]
      ]))
  }

  /// Anything that a campaign may be.
  static func random(seed: UInt64) throws -> Forecasts {
    var generator = SeededGenerator(seed: seed)
    func one(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    var world = try Forecasts()
    world.seed = seed
    world.start = Dialers.monday + .minutes(one(0...20_000))
    world.rules.maxConcurrentCalls = one(1...40)
    if one(0...1) == 0 { world.rules.maxCallsPerMinute = one(1...20) }
    if one(0...1) == 0 { world.rules.maxCallsPerDay = one(20...600) }
    if one(0...2) == 0 { world.circumstances.tenant.maxCallsPerDay = one(20...600) }
    if one(0...2) == 0 { world.circumstances.tenant.maxConcurrentCalls = one(1...40) }
    if one(0...2) == 0 { world.circumstances.provider.maxConcurrentCalls = one(1...40) }
    if one(0...3) == 0 { world.circumstances.provider.maxCallsPerMinute = one(1...20) }
    if one(0...2) == 0 { world.circumstances.budget.limit = Int64(one(1...400)) * 1_000_000 }
    world.rules.maxCallsPerLead = one(1...5)
    world.rules.retries = RetryPolicy.presets[one(0...2)]
    if one(0...3) == 0 { world.rules.endsAt = world.start + .days(one(1...30)) }
    let phones = ["+12125551234", "+13105551234", "+18085551234", "+61262551234", "+442079460000", "+61412345678"]
    for _ in 0..<one(1...6) {
      var numbers = [try number(0, phones[one(0...5)])]
      if one(0...2) == 0 { numbers.append(try number(1, phones[one(0...5)])) }
      let expiresAt = one(0...3) == 0 ? world.start + .hours(one(1...200)) : nil
      world.add(
        one(1...400), Callee(numbers: numbers, joinedAt: .distantPast), dueAt: world.start + .minutes(one(0...3_000)),
        expiresAt: expiresAt)
    }
    return world
  }
}
