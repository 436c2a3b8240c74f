import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct AllowanceTests {
  private let now = Dialers.monday + .seconds(30)

  private func rules() throws -> CampaignRules {
    CampaignRules(
      tenant: .standard, campaign: CampaignID.random(), policyVersion: 1, callType: .qualifyLead,
      hours: DialWindows(.standard),
      zone: try #require(TimeZoneRules.named("America/New_York")), retries: .standard, maxCallsPerLead: 3,
      maxConcurrentCalls: 3, callerIDs: ["+15005550006"])
  }

  private func circumstances(_ rules: CampaignRules) -> Allowance.Circumstances {
    let counters = Allowance.Counters(
      day: CivilDate(daysSince1970: 0), dayCalls: 99, minuteStart: Instant(microsecondsSince1970: 0), minuteCalls: 99
    ).rolled(to: now, zone: rules.zone)
    return Allowance.Circumstances(
      live: 0, counters: counters, budget: Budget(limit: nil, spent: 0, reserved: 0, expected: 1), callerIDs: nil,
      tenant: TenantStanding(), provider: ProviderStanding())
  }

  /// The clocks of two instances are never the same.
  @Test func countersDoNotStartAnewForAClockThatIsBehind() throws {
    let zone = try #require(TimeZoneRules.named("UTC"))
    let midnight = Instant(microsecondsSince1970: 1_772_496_000_000_000)
    let before = midnight - .milliseconds(100)
    var counters = Allowance.Counters(
      day: CivilDate(daysSince1970: 0), dayCalls: 0, minuteStart: .distantPast, minuteCalls: 0
    ).rolled(to: before, zone: zone)
    counters.count(10)
    var ahead = counters.rolled(to: midnight + .milliseconds(100), zone: zone)
    #expect(ahead.minuteCalls == 0 && ahead.dayCalls == 0)
    ahead.count(7)
    let behind = ahead.rolled(to: before, zone: zone)
    #expect(behind.minuteCalls == 7)
    #expect(behind.dayCalls == 7)
  }

  @Test func aNewDayAndMinuteStartAtZeroAndTheTightestLimitIsNamed() throws {
    var rules = try rules()
    (rules.maxCallsPerDay, rules.maxCallsPerMinute) = (10, 5)
    var facts = circumstances(rules)
    #expect(facts.counters.dayCalls == 0 && facts.counters.minuteCalls == 0)
    facts.live = 1
    #expect(Allowance(rules: rules, facts, at: now) == Allowance(calls: 2, limit: .concurrency))
    facts.counters.count(4)
    #expect(Allowance(rules: rules, facts, at: now) == Allowance(calls: 1, limit: .callsPerMinute))
    facts.counters.count(5)
    facts.counters.minuteCalls = 0
    #expect(Allowance(rules: rules, facts, at: now) == Allowance(calls: 1, limit: .callsPerDay))
    rules.endsAt = now
    #expect(Allowance(rules: rules, facts, at: now) == Allowance(calls: 0, limit: .schedule))
  }

  @Test func partOfTheProvidersCallsIsKeptForInboundOnes() throws {
    var provider = ProviderStanding(maxConcurrentCalls: 15, inboundPercent: 10, live: 12)
    #expect(provider.outboundCalls == 13)  // A tenth of 15, rounded up, is kept.
    #expect(provider.caps(at: now).map(\.calls) == [1])
    provider.live = 20
    #expect(provider.caps(at: now).map(\.calls) == [-7])
  }

  @Test func aProviderThatIsBrokenOrHeldTakesNothing() throws {
    let rules = try rules()
    var facts = circumstances(rules)
    for _ in 0..<CircuitBreaker.Terms.provider.threshold {
      facts.provider.breaker.failed(at: now, terms: .provider)
    }
    #expect(Allowance(rules: rules, facts, at: now) == Allowance(calls: 0, limit: .providerBroken))
    let later = now + .minutes(1)
    #expect(Allowance(rules: rules, facts, at: later) == Allowance(calls: 1, limit: .providerBroken))
    facts.provider.live = 1  // The one call that finds out.
    #expect(Allowance(rules: rules, facts, at: later).calls == 0)
    facts.provider.breaker.succeeded()
    facts.provider.hold = .init(until: later + .seconds(1), since: now, reason: .providerThrottled)
    #expect(Allowance(rules: rules, facts, at: later) == Allowance(calls: 0, limit: .providerHeld))
    #expect(Allowance(rules: rules, facts, at: later + .seconds(1)).calls == 3)
  }

  /// Whatever the limits and however far they are used up, no more is allowed than the tightest leaves.
  @Test(arguments: UInt64(1)...300)
  func nothingIsAllowedBeyondAnyCap(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func maybe(_ range: ClosedRange<Int>) -> Int? {
      Bool.random(using: &generator) ? Int.random(in: range, using: &generator) : nil
    }
    func some(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    var rules = try rules()
    rules.maxConcurrentCalls = some(1...20)
    (rules.maxCallsPerDay, rules.maxCallsPerMinute) = (maybe(1...20), maybe(1...20))
    var facts = circumstances(rules)
    facts.live = some(0...25)
    facts.counters.dayCalls = some(0...25)
    facts.counters.minuteCalls = some(0...25)
    facts.callerIDs = maybe(0...20)
    facts.budget = Budget(
      limit: maybe(0...2000).map(Int64.init), spent: Int64(some(0...900)), reserved: Int64(some(0...900)), expected: 90)
    facts.tenant = TenantStanding(
      maxCallsPerDay: maybe(1...20), maxConcurrentCalls: maybe(1...20), live: some(0...25), dayCalls: some(0...25))
    facts.provider = ProviderStanding(
      maxConcurrentCalls: maybe(1...20), inboundPercent: some(0...90), maxCallsPerMinute: maybe(1...20),
      live: some(0...25), minuteCalls: some(0...25))
    let calls = Allowance(rules: rules, facts, at: now).calls
    #expect(calls >= 0)
    guard calls > 0 else { return }
    #expect(facts.live + calls <= rules.maxConcurrentCalls)
    #expect(facts.counters.dayCalls + calls <= rules.maxCallsPerDay ?? .max)
    #expect(facts.counters.minuteCalls + calls <= rules.maxCallsPerMinute ?? .max)
    #expect(calls <= facts.callerIDs ?? .max)
    #expect(facts.budget.spent + facts.budget.reserved + 90 * Int64(calls) <= facts.budget.limit ?? .max)
    #expect(facts.tenant.live + calls <= facts.tenant.maxConcurrentCalls ?? .max)
    #expect(facts.tenant.dayCalls + calls <= facts.tenant.maxCallsPerDay ?? .max)
    #expect(facts.provider.live + calls <= facts.provider.outboundCalls ?? .max)
    #expect(facts.provider.minuteCalls + calls <= facts.provider.maxCallsPerMinute ?? .max)
  }
}
