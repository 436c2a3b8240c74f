import CampaignTerms
import Core
import Metrics
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

/// Campaigns that the real dialer's store runs to their end in virtual time, on Postgres, against what was foretold of
/// them before. What calls come to is drawn by the same shares; what is allowed is how far forecasts of other seeds are
/// apart, so what differs beyond that is a rule or a limit that the forecast sees differently.
@Suite struct ForecastAgainstRunTests {
  private static func assumptions() throws -> Assumed {
    try #require(
      Assumed(byCall: [
        [
          .init(outcome: .qualified, share: 0.12, ringing: .seconds(15), talking: .seconds(90), costMicros: 170_000),
          .init(outcome: .notInterested, share: 0.13, ringing: .seconds(15), talking: .seconds(30), costMicros: 70_000),
          .init(outcome: .voicemail, share: 0.15, ringing: .seconds(15), talking: .seconds(30), costMicros: 60_000),
          .init(outcome: .noAnswer, share: 0.44, ringing: .seconds(30)),
          .init(outcome: .busy, share: 0.08, ringing: .seconds(15)),
          .init(outcome: .failed, share: 0.06, ringing: .seconds(15)),
          .init(outcome: .failed, isPermanent: true, share: 0.02, ringing: .seconds(15)),
        ]
      ]))
  }

  @Test func linesBind() async throws {
    try await compare(leads: 700) { $0.maxConcurrentCalls = 6 }
  }

  @Test func callsADayBind() async throws {
    try await compare(leads: 500) {
      $0.maxConcurrentCalls = 40
      $0.maxCallsPerDay = 230
    }
  }

  @Test func callsAMinuteAndTheBudgetBind() async throws {
    try await compare(leads: 500) {
      $0.maxConcurrentCalls = 40
      $0.maxCallsPerMinute = 3
      $0.budgetMicros = 22_000_000
    }
  }

  private func compare(leads: Int, _ change: (inout CampaignPolicy) -> Void) async throws {
    var policy = Dialers.policy
    policy.expectedCallCostMicros = 100_000
    change(&policy)
    let assumptions = try Self.assumptions()
    try await Dialers.with { [policy] dialers in
      let campaign = try await dialers.campaign(policy)
      try await dialers.add(
        (0..<leads).map { number in
          var lead = Dialers.lead(number)
          if number % 3 == 0 { lead.phone = "+1310555\(1000 + number)" }
          return lead
        }, to: campaign)
      let foretold = try await Spread(dialers, campaign, assumptions)
      var wrong = assumptions
      wrong = try wrong.applying(ForecastWishes(shares: [.noAnswer: 0.2]))
      let wronglyForetold = try await Spread(dialers, campaign, wrong)
      var run = Run(dialers: dialers, campaign: campaign, assumptions: assumptions, generator: SeededGenerator(seed: 5))
      try await run.toTheEnd()
      let differences = foretold.differences(from: run)
      #expect(differences.isEmpty, "\(differences.joined(separator: "; "))")
      // A quarter of the calls that come to something else is enough to be told.
      #expect(!wronglyForetold.differences(from: run).isEmpty)
      // A lead has one to three calls, and what a call costs differs by as much as its mean: more than that, and anything
      // would pass.
      #expect(foretold.calls.deviation < 2 * Double(leads).squareRoot())
    }
  }

  /// Forecasts of one campaign from many seeds.
  private struct Spread {
    struct Figure {
      var mean: Double
      var deviation: Double

      init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
      }

      /// - Parameter grain: What a forecast does not resolve.
      func isFar(_ value: Double, grain: Double) -> Bool { abs(value - mean) > 4 * deviation + grain }
    }

    private static let seeds: Range<UInt64> = 1..<25
    let calls: Figure
    let cost: Figure
    /// Hours from the start.
    let end: Figure?
    let perDay: [(date: CivilDate, calls: Figure)]
    let done: Figure

    init(
      _ dialers: Dialers, _ campaign: DialStore.KnownCampaign, _ assumptions: Assumed
    ) async throws {
      let ground = try #require(
        try await dialers.store.forecastGround(
          campaign.rules.campaign, tenant: dialers.tenant, terms: nil, provider: "", now: Dialers.monday))
      let limits = ForecastLimits(
        rules: ground.rules, ground.limits.circumstances, stock: ground.limits.stock,
        tenantZone: ground.limits.tenantZone, assumptions: assumptions, now: Dialers.monday)
      var forecasts: [Forecast] = []
      for seed in Self.seeds {
        forecasts.append(
          try await Forecast.foretell(
            Forecast.Question(
              groups: ground.census.groups, rules: ground.rules, limits: limits, assumptions: assumptions,
              start: Dialers.monday, horizon: .days(60), seed: seed)))
      }
      calls = Figure(forecasts.map { Double($0.calls) })
      cost = Figure(forecasts.map { Double($0.costMicros) })
      let ends = forecasts.compactMap(\.endsAt)
      end = ends.count == forecasts.count ? Figure(ends.map { Dialers.monday.duration(to: $0) / .hours(1) }) : nil
      done = Figure(forecasts.map { Double($0.leads - $0.openLeads) })
      let dates = Set(forecasts.flatMap { $0.days.map(\.date) }).sorted()
      perDay = dates.map { date in
        (date, Figure(forecasts.map { Double($0.days.first { $0.date == date }?.calls ?? 0) }))
      }
    }

    func differences(from run: Run) -> [String] {
      var found: [String] = []
      func check(_ what: String, _ foretold: Figure, _ value: Double, grain: Double) {
        guard foretold.isFar(value, grain: grain) else { return }
        found.append("\(what): \(foretold.mean) ± \(foretold.deviation) foretold, \(value) came")
      }
      check("calls", calls, Double(run.calls), grain: 1)
      check("spend", cost, Double(run.costMicros), grain: 200_000)
      check("leads done", done, Double(run.done), grain: 1)
      // As many calls as lines make in half a step may be counted on the other side of midnight or a lunch break.
      for (date, calls) in perDay { check("calls on \(date)", calls, Double(run.perDay[date] ?? 0), grain: 12) }
      if let end { check("end, in hours", end, Dialers.monday.duration(to: run.now) / .hours(1), grain: 0.2) }
      return found
    }
  }

  /// The real thing, in virtual time.
  private struct Run {
    private struct Call {
      var attempt: DialStore.ClaimedAttempt
      var ending: Assumed.Ending
      var endsAt: Instant
    }

    let dialers: Dialers
    let campaign: DialStore.KnownCampaign
    let assumptions: Assumed
    var generator: SeededGenerator
    var now = Dialers.monday
    var calls = 0
    var costMicros: Int64 = 0
    var perDay: [CivilDate: Int] = [:]
    var done = 0
    private var live: [Call] = []

    init(
      dialers: Dialers, campaign: DialStore.KnownCampaign, assumptions: Assumed,
      generator: SeededGenerator
    ) {
      (self.dialers, self.campaign, self.assumptions, self.generator) = (dialers, campaign, assumptions, generator)
    }

    mutating func toTheEnd() async throws {
      while true {
        try await settleEnded()
        var limit: Allowance.Limit?
        while true {
          let claim = try await dialers.claim(campaign, at: now)
          limit = claim.limit
          for attempt in claim.attempts { place(attempt) }
          if claim.taken == 0 { break }
        }
        guard let next = try await nextInstant(limit) else { break }
        now = next
      }
      done = try await dialers.count("select 1 from task where state = 'done'")
      #expect(try await dialers.lost() == 0)
    }

    private mutating func place(_ attempt: DialStore.ClaimedAttempt) {
      let chance = Double.random(in: 0..<1, using: &generator)
      var sum = 0.0
      let endings = assumptions.endings(afterCalls: Int(attempt.permit.attemptNumber) - 1)
      let ending = endings.first { ending in
        sum += ending.share
        return chance < sum
      }
      guard let ending = ending ?? endings.last else { return }
      live.append(Call(attempt: attempt, ending: ending, endsAt: now + ending.lineTime))
      calls += 1
      costMicros += ending.costMicros
      perDay[campaign.rules.zone.local(at: now).date, default: 0] += 1
    }

    private mutating func settleEnded() async throws {
      let ended = live.filter { $0.endsAt <= now }
      live.removeAll { $0.endsAt <= now }
      guard !ended.isEmpty else { return }
      let id = campaign.rules.campaign
      let outcomes = try ended.map { call in
        DialStore.Outcome(
          call: call.attempt.call, campaign: id, lead: try #require(LeadID(call.attempt.permit.leadId)),
          outcome: call.ending.outcome, optedOut: false, permanent: call.ending.isPermanent, endedAt: call.endsAt,
          costMicros: call.ending.costMicros)
      }
      try await dialers.pool.transaction(name: "end") { [dialers, now] transaction in
        try await dialers.store.end(
          ended.map { .init(call: $0.attempt.call, campaign: id, at: $0.endsAt) }, tenant: dialers.tenant,
          in: transaction)
        try await dialers.store.settle(outcomes, tenant: dialers.tenant, now: now, in: transaction)
      }
    }

    /// When something can change next; nil when nothing will.
    private func nextInstant(_ limit: Allowance.Limit?) async throws -> Instant? {
      var instants = live.map(\.endsAt)
      let rows = try await dialers.pool.query(NamedQuery(name: "next", sql: "select min(due_at) as at from queue"))
      if let due: Instant = try rows[0].get("at", as: Instant?.self) {
        switch (due > now, limit) {
        case (true, _): instants.append(due)
        case (false, .callsPerDay?):
          let tomorrow = campaign.rules.zone.local(at: now).date.adding(days: 1)
          instants.append(campaign.rules.zone.start(of: tomorrow, after: now))
        case (false, .callsPerMinute?): instants.append(now.startOfMinute + .minutes(1))
        case (false, _): break
        }
      }
      return instants.min()
    }
  }
}
