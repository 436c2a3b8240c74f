import Core
import Postgres
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

@Suite struct QueueTests {
  @Test func whatIsDueIsClaimedOnceInOrder() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((Array(0..<40) + [7, 39]).map(Dialers.lead), to: campaign)
      // The event comes again, and leads that are here beside some that are not.
      try await dialers.add((Array(0..<40) + [7, 39]).map(Dialers.lead), to: campaign)
      try await dialers.add((20..<50).map(Dialers.lead), to: campaign)
      let first = try await dialers.claim(campaign, most: 30)
      #expect(first.attempts.count == 30 && first.taken == 30)
      let second = try await dialers.claim(campaign, most: 30, places: first.places)
      #expect(second.attempts.count == 20)
      #expect(try await dialers.claim(campaign).attempts.isEmpty)
      #expect(Set((first.attempts + second.attempts).map(\.permit.leadId)).count == 50)
      let order = (first.attempts + second.attempts).map { ($0.entry.dueAt, $0.permit.leadId) }
      #expect(order.map(\.1) == order.sorted { $0 < $1 }.map(\.1))
      #expect(try await dialers.lost() == 0)
      #expect(try await dialers.count("select 1 from under_way where slot_until is not null") == 50)
    }
  }

  @Test func whatPermitsShareIsKeptOnce() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<20).map(Dialers.lead), to: campaign)
      let claim = try await dialers.claim(campaign)
      #expect(claim.attempts.count == 20)
      // Of all that these calls rest on, only the call of the number that is shown differs.
      #expect(try await dialers.count("select 1 from permit") == 1)
      #expect(Set(claim.attempts.map(\.permit.evidence.last)).count == 20)
      try await dialers.settle(claim.attempts[0], .busy, of: campaign)
      try await dialers.store.withdraw(claim.attempts[1].call, tenant: dialers.tenant, now: Dialers.monday)
      for attempt in claim.attempts {
        let stored = try await dialers.store.attempt(attempt.call, tenant: dialers.tenant)
        #expect(stored?.permit == attempt.permit)
      }
    }
  }

  /// Attempts of before permits were shared have the whole of theirs in one place.
  @Test func aPermitThatIsWholeIsReadAsItIs() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      try await dialers.pool.execute(
        NamedQuery(name: "whole", sql: "update permit set permit = $1"), attempt.permit.encoded())
      try await dialers.pool.execute(NamedQuery(name: "own", sql: "update under_way set own_permit = ''"))
      #expect(try await dialers.store.attempt(attempt.call, tenant: dialers.tenant)?.permit == attempt.permit)
    }
  }

  @Test func anOutcomeBringsARetryAndTheLastOneAnEnd() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      var now = Dialers.monday
      for number in 1...3 {
        let claim = try await dialers.claim(campaign, at: now)
        let attempt = try #require(claim.attempts.first)
        #expect(attempt.permit.attemptNumber == number)
        try await dialers.settle(attempt, .noAnswer, of: campaign, at: now)
        try await dialers.settle(attempt, .noAnswer, of: campaign, at: now)  // Told twice.
        #expect(try await dialers.lost() == 0)
        let soon = try await dialers.claim(campaign, at: now + .minutes(59))
        #expect(soon.attempts.isEmpty)
        now += .days(1)
      }
      #expect(try await dialers.claim(campaign, at: now).attempts.isEmpty)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
      #expect(try await dialers.count("select 1 from queue") == 0)
      #expect(try await dialers.count("select 1 from event where type like '%LeadFinished'") == 1)
    }
  }

  @Test func whatNeverLeftCostsNothingAndGoesBackToItsPlace() async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxCallsPerLead = 1
      let campaign = try await dialers.campaign(policy)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      for number in 1...3 {
        let attempt = try #require(try await dialers.claim(campaign).attempts.first)
        #expect(attempt.permit.attemptNumber == number)
        try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: Dialers.monday)
        try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: Dialers.monday)
        #expect(try await dialers.lost() == 0)
        #expect(try await dialers.count("select 1 from under_way where slot_until is not null") == 0)
      }
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      try await dialers.settle(attempt, .busy, of: campaign)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
    }
  }

  @Test func aWrongNumberSendsTheCallToTheNextOne() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      var lead = Dialers.lead(1)
      var second = LeadNumber()
      second.phone = "+12125559999"
      lead.numbers = [second]
      try await dialers.add([lead], to: campaign)
      let first = try #require(try await dialers.claim(campaign).attempts.first)
      #expect(first.permit.to == lead.phone)
      try await dialers.settle(first, .wrongNumber, of: campaign)
      let next = try #require(try await dialers.claim(campaign).attempts.first)
      #expect(next.permit.to == second.phone)
      try await dialers.settle(next, .failed, of: campaign, permanent: true)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
      #expect(try await dialers.claim(campaign, at: Dialers.monday + .days(2)).attempts.isEmpty)
    }
  }

  @Test func aCampaignThatIsCancelledEndsWhatWaitsAndWhatComesBack() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<5).map(Dialers.lead), to: campaign)
      let claim = try await dialers.claim(campaign, most: 2)
      try await dialers.cancel(campaign)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 3)
      try await dialers.store.withdraw(claim.attempts[0].call, tenant: dialers.tenant, now: Dialers.monday)
      try await dialers.settle(claim.attempts[1], .noAnswer, of: campaign)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 5)
      #expect(try await dialers.count("select 1 from queue") == 0)
    }
  }

  @Test func whatIsPutInBehindTheLastPlaceIsFoundOnceThatIsForgotten() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign, at: Dialers.monday + .seconds(10))
      let first = try await dialers.claim(campaign, at: Dialers.monday + .seconds(20))
      #expect(first.attempts.count == 1)
      try await dialers.add([Dialers.lead(2)], to: campaign, at: Dialers.monday)
      #expect(
        try await dialers.claim(campaign, at: Dialers.monday + .seconds(20), places: first.places).attempts.isEmpty)
      #expect(try await dialers.claim(campaign, at: Dialers.monday + .seconds(20)).attempts.count == 1)
    }
  }

  /// Several instances claim, withdraw and settle at once: no attempt is given twice, no lead is lost.
  @Test(arguments: UInt64(1)...4)
  func instancesShareTheWork(seed: UInt64) async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxCallsPerLead = 4
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<120).map(Dialers.lead), to: campaign)
      let calls = try await withThrowingTaskGroup(of: [CallID].self) { group in
        for instance in 0..<3 {
          group.addTask {
            var generator = SeededGenerator(seed: seed * 10 + UInt64(instance))
            var calls: [CallID] = []
            for turn in 0..<40 {
              let now = Dialers.monday + .seconds(turn * 60)
              for attempt in try await dialers.claim(campaign, at: now, most: 9).attempts {
                calls.append(attempt.call)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: now)
                case 1: try await dialers.settle(attempt, .failed, of: campaign, at: now)
                default: try await dialers.settle(attempt, .qualified, of: campaign, at: now)
                }
              }
            }
            return calls
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(calls.count >= 120)
      #expect(Set(calls).count == calls.count)
      #expect(try await dialers.lost() == 0)
      #expect(try await dialers.count("select 1 from under_way where slot_until is not null") == 0)
      #expect(try await dialers.slotsAgree())
    }
  }
}
