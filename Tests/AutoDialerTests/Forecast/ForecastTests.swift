import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct ForecastTests {
  private func date(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  @Test func aDayIsAsLongAsTheHoursAndLinesAllow() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.unqualified, seconds: 60, costMicros: 50_000)
    world.rules.maxConcurrentCalls = 10
    try world.add(10_000)
    let forecast = try await world.foretell()
    // From 10:00 to 12:00 and from 13:00 to 17:00, ten calls a minute; then seven hours a day.
    #expect(forecast.days.map(\.calls) == [3_600, 4_200, 2_200])
    #expect(forecast.days.map(\.constraint) == [.limit(.concurrency), .limit(.concurrency), .limit(.concurrency)])
    #expect(forecast.days.map(\.overdue) == [0, 0, 0] && forecast.days.map(\.peakLines) == [10, 10, 10])
    #expect(forecast.costMicros == 500_000_000 && forecast.leadsByEnd == ["unqualified": 10_000])
    // Wednesday, 3 hours 40 minutes after 9:00, an hour of them lunch.
    #expect(forecast.endsAt?.forPeople == "2026-03-04T18:36:00Z")
  }

  @Test func retriesComeAsThePolicySays() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.noAnswer, seconds: 30)
    world.rules.maxConcurrentCalls = 1_000
    try world.add(100)
    let forecast = try await world.foretell()
    #expect(forecast.calls == 300 && forecast.days.map(\.calls) == [300])
    #expect(forecast.leadsByEnd == ["retries_spent": 100])
    world.rules.retries = .sequence
    let next = try await world.foretell()
    #expect(next.days.map(\.calls) == [100, 100] && next.days.map(\.constraint) == [.nothingDue, nil])
  }

  @Test func eachLimitIsNamed() async throws {
    func bound(_ change: (inout Forecasts) -> Void) async throws -> Forecast.Constraint? {
      var world = try Forecasts()
      world.assumptions = try Forecasts.always(.unqualified, seconds: 60, costMicros: 100_000)
      world.rules.maxConcurrentCalls = 50
      try world.add(100_000)
      change(&world)
      return try await world.foretell().days.first?.constraint
    }
    #expect(try await bound { _ in } == .limit(.concurrency))
    #expect(try await bound { $0.rules.maxCallsPerMinute = 5 } == .limit(.callsPerMinute))
    #expect(try await bound { $0.rules.maxCallsPerDay = 90 } == .limit(.callsPerDay))
    #expect(try await bound { $0.circumstances.tenant.maxCallsPerDay = 90 } == .limit(.tenantCallsPerDay))
    #expect(try await bound { $0.circumstances.tenant.maxConcurrentCalls = 9 } == .limit(.tenantConcurrency))
    #expect(try await bound { $0.circumstances.provider.maxConcurrentCalls = 9 } == .limit(.providerConcurrency))
    #expect(try await bound { $0.circumstances.provider.maxCallsPerMinute = 9 } == .limit(.providerCallsPerMinute))
    let sunday = Dialers.monday - .days(1)
    #expect(try await bound { ($0.start, $0.groups[0].entry.dueAt) = (sunday, sunday) } == .window)
  }

  @Test func theBudgetEndsIt() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.unqualified, costMicros: 100_000)
    world.circumstances.budget.limit = 10_000_000
    try world.add(500)
    let forecast = try await world.foretell()
    #expect(forecast.stop == .budget && forecast.costMicros <= 10_000_000 && forecast.costMicros > 9_700_000)
    #expect(forecast.openLeads == 500 - forecast.calls && forecast.endsAt == nil)
    #expect(forecast.sentence(horizonDays: 120).contains("raise policy.budgetMicros"))
  }

  @Test func numbersWarmUp() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.unqualified)
    let now = Dialers.monday
    let today = world.rules.zone.local(at: now).date
    let number = CallerID(
      number: "+15005550006", standing: CallerIDStanding(warmingSince: today, now: now), tier: 1,
      zone: world.rules.zone, callsPerDay: 50, day: today, dayCalls: 5, breaker: CircuitBreaker())
    world.stock = CallerIDStock([number], style: .leastUsed, now: now)
    world.circumstances.callerIDs = world.stock.room(at: now)
    try world.add(240)
    let forecast = try await world.foretell()
    let working = forecast.days.filter { $0.calls > 0 }
    #expect(working.map(\.calls) == [15, 20, 30, 30, 40, 50, 50, 5])
    #expect(working.dropLast().allSatisfy { $0.constraint == .limit(.callerID) })
    // The weekend in between has no calls: nobody may be called then.
    #expect(forecast.days.map(\.calls) == [15, 20, 30, 30, 40, 0, 0, 50, 50, 5])

    world.stock = CallerIDStock([], style: .leastUsed, now: now)
    world.circumstances.callerIDs = 0
    #expect(try await world.foretell().stop == .callerID)
  }

  @Test func whoeverIsNeverCalledIsCountedWithItsReason() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.unqualified)
    try world.add(3, dueAt: world.start + .days(1), expiresAt: world.start + .hours(20))
    world.add(2, Callee(numbers: [], joinedAt: .distantPast))
    try world.add(4)
    let forecast = try await world.foretell()
    #expect(forecast.neverCalled["expired"]?.leads == 3 && forecast.neverCalled["zone_unknown"]?.leads == 2)
    #expect(forecast.neverCalled["expired"]?.examples == [world.groups[0].example])
    #expect(forecast.leadsByEnd == ["expired": 3, "zone_unknown": 2, "unqualified": 4] && forecast.calls == 4)
  }

  @Test func callsInFlightAreFollowedToTheirRetries() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.noAnswer, costMicros: 7)
    try world.add(10)
    world.groups[0].isInFlight = true
    world.groups[0].entry.attempts = 1
    let forecast = try await world.foretell()
    #expect(forecast.calls == 20 && forecast.leadsByEnd == ["retries_spent": 10] && forecast.costMicros == 210)
  }

  @Test func linesAreFoundThatFinishInTime() async throws {
    var world = try Forecasts()
    world.assumptions = try Forecasts.always(.unqualified, seconds: 60)
    world.rules.maxConcurrentCalls = 1
    try world.add(10_000)
    // Until Tuesday evening there are 13 hours: 780 calls on a line.
    let plan = try await ForecastPlan.make(world.question, finishingBy: world.start + .hours(32))
    let lines = try #require(plan.lines)
    #expect((13...14).contains(lines))
    #expect(try #require(plan.forecast.endsAt) <= world.start + .hours(32))
    world.rules.maxCallsPerDay = 4_000
    let capped = try await ForecastPlan.make(world.question, finishingBy: world.start + .hours(32))
    #expect(capped.lines == nil && capped.forecast.mainConstraint == .limit(.callsPerDay))
  }

  @Test func aSecondNumberIsCalledWhereTheFirstIsNoGood() async throws {
    var world = try Forecasts()
    world.assumptions = try #require(
      ForecastAssumptions(byCall: [
        [.init(outcome: .failed, isPermanent: true, share: 1, ringing: .seconds(1))],
        [.init(outcome: .qualified, share: 1, ringing: .seconds(60))],
      ]))
    world.add(
      5,
      Callee(
        numbers: [try Forecasts.number(0, "+12125551234"), try Forecasts.number(1, "+12125551234")],
        joinedAt: .distantPast))
    let forecast = try await world.foretell()
    #expect(forecast.calls == 10 && forecast.leadsByEnd == ["qualified": 5])
  }
}
