import Core
import Telephony
import Testing

@testable import AutoDialer

/// What holds for every forecast, whatever the campaign.
@Suite struct ForecastPropertyTests {
  @Test(arguments: Array(UInt64(0)..<30)) func nothingIsBrokenAndNobodyIsLost(seed: UInt64) async throws {
    let world = try Forecasts.random(seed: seed)
    let forecast = try await world.foretell()
    let leads = world.groups.reduce(0) { $0 + $1.count }
    #expect(forecast.leads == leads)
    #expect(forecast.calls == forecast.days.reduce(0) { $0 + $1.calls })
    #expect(forecast.calls <= leads * world.rules.maxCallsPerLead)
    #expect(forecast.costMicros == forecast.days.reduce(0) { $0 + $1.costMicros })
    let perDay = [world.rules.maxCallsPerDay, world.circumstances.tenant.maxCallsPerDay].compactMap(\.self).min()
    let perMinute = [world.rules.maxCallsPerMinute, world.circumstances.provider.maxCallsPerMinute]
      .compactMap(\.self).min()
    let lines =
      [
        world.rules.maxConcurrentCalls, world.circumstances.tenant.maxConcurrentCalls,
        world.circumstances.provider.outboundCalls,
      ].compactMap(\.self).min() ?? 0
    for day in forecast.days {
      if let perDay { #expect(day.calls <= perDay) }
      if let perMinute { #expect(day.calls <= perMinute * 1_500) }
      #expect(day.peakLines <= lines && day.answered <= day.calls)
    }
    if let limit = world.circumstances.budget.limit { #expect(forecast.costMicros <= limit) }
    #expect((forecast.endsAt != nil) == (forecast.openLeads == 0))
    #expect((forecast.stop != nil) == (forecast.openLeads > 0))
    #expect(zip(forecast.days, forecast.days.dropFirst()).allSatisfy { $0.date.adding(days: 1) == $1.date })
    #expect(try await world.foretell() == forecast)
  }

  /// Calls are made only where the dialer itself would let them be made.
  @Test(arguments: Array(UInt64(100)..<112)) func hoursAreThoseOfTheDialersOwnDecision(seed: UInt64) throws {
    let world = try Forecasts.random(seed: seed)
    var hours = ForecastHours(rules: world.rules)
    var generator = SeededGenerator(seed: seed)
    var now = world.start
    for _ in 0..<400 {
      now += .minutes(Int.random(in: 1...40, using: &generator))
      for group in world.groups {
        for number in group.callee.numbers {
          var one = group.callee
          one.numbers = [number]
          let decision = DialDecision.decide(
            one, entry: group.entry, rules: world.rules, facts: DialFacts(), now: now)
          switch (hours.standing(of: number.place, avoiding: nil, at: now), decision) {
          case (.open, .dial), (.never, .never): break
          // Washing is for others to answer; here only the hours are looked at.
          case (.open, .wait(_, let reason)) where ClearanceGate.isAnswer(reason): break
          case (.shut(let until), .wait(let waits, let reason)):
            #expect(ClearanceGate.isAnswer(reason) ? waits >= until : waits == until, "\(now) \(reason)")
          case (let standing, let decision): Issue.record("\(now): \(standing) against \(decision)")
          }
        }
      }
    }
  }

  /// With certain outcomes nothing but the lines differs. Caps a day are left out: whoever calls faster may have used up the
  /// day's calls when another continent's hours begin.
  @Test(arguments: Array(UInt64(200)..<210)) func moreLinesNeverFinishLater(seed: UInt64) async throws {
    var world = try Forecasts.random(seed: seed)
    world.assumptions = try Forecasts.always(seed.isMultiple(of: 2) ? .noAnswer : .busy, seconds: 45)
    world.rules.retries = .standard
    world.rules.endsAt = nil
    world.circumstances.budget.limit = nil
    (world.rules.maxCallsPerDay, world.circumstances.tenant.maxCallsPerDay) = (nil, nil)
    // Whoever is called in time is called again later than others' time runs out.
    for index in world.groups.indices { world.groups[index].expiresAt = nil }
    world.days = 380
    var before: Forecast?
    for lines in [1, 2, 3, 5, 8, 13, 40] {
      world.rules.maxConcurrentCalls = lines
      let forecast = try await world.foretell()
      if let end = before?.endsAt {
        let days = "\(forecast.days.map(\.calls)) after \(before?.days.map(\.calls) ?? [])"
        #expect(try #require(forecast.endsAt) <= end, "\(lines) lines, \(end): \(days)")
      }
      before = forecast
    }
  }

  /// Shares come out as assumed, within five deviations.
  @Test(arguments: Array(UInt64(300)..<308)) func drawsFollowTheShares(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for (count, share) in [(1, 0.5), (20, 0.3), (1_000, 0.001), (1_000, 0.02), (1_000, 0.4), (50_000, 0.9)] {
      let rounds = 2_000
      let sum = (0..<rounds).reduce(0) { sum, _ in
        let drawn = generator.successes(of: count, share: share)
        #expect((0...count).contains(drawn))
        return sum + drawn
      }
      let trials = Double(rounds * count)
      let deviation = (trials * share * (1 - share)).squareRoot()
      #expect(abs(Double(sum) - trials * share) < 5 * deviation + Double(rounds) * 0.05, "\(count) × \(share)")
    }
  }
}
