import Core
import EventLog
import Lifecycle
import Logging
import Postgres
import RingmasterMessages
import Synchronization
import TestSupport
import Testing
import Wire

@testable import AutoDialer

/// An opt-out counts from its commit on, whatever else goes on at the time.
@Suite struct OptOutTests {
  private func facts(_ dialers: Dialers) -> DialerFacts {
    DialerFacts(
      store: dialers.store, clock: ManualClock(Dialers.monday), quietSeconds: { _ in 60 }, logger: .discarding)
  }

  private func event(_ message: some WireMessage) -> Event {
    let new = NewEvent(key: "key", message: message)
    return Event(
      place: .beginning, tenant: .standard, key: new.key, type: new.type, payload: new.payload,
      occurredAt: Dialers.monday, recordedAt: Dialers.monday)
  }

  private func hear(_ number: String, _ dialers: Dialers) async throws {
    try await dialers.pool.transaction(name: "hear") { transaction in
      try await facts(dialers).takeCalls(
        [event(OptOutHeard(callId: "c", campaignId: "x", leadId: "y", number: number))], in: transaction)
    }
  }

  /// Runs `body` while somebody takes last looks.
  private func looking(_ dialers: Dialers, _ body: @escaping @Sendable (LastLooks) async throws -> Void) async throws {
    let looks = LastLooks(store: dialers.store)
    try await running([looks]) { try await body(looks) }
  }

  @Test func whoOptsOutIsNotCalledByAnyCampaign() async throws {
    try await Dialers.with { dialers in
      let first = try await dialers.campaign()
      let second = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: first)
      let attempt = try #require(try await dialers.claim(first).attempts.first)
      try await hear(attempt.permit.to, dialers)
      try await hear(attempt.permit.to, dialers)  // Told twice.
      try await dialers.add([Dialers.lead(1), Dialers.lead(2)], to: second)
      let claim = try await dialers.claim(second)
      #expect(claim.attempts.map(\.permit.to) == [Dialers.lead(2).phone])
      #expect(claim.attempts[0].permit.evidence.contains("do_not_call: on no list"))
      #expect(try await dialers.count("select 1 from do_not_call where source = 'opt_out'") == 1)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func anOutcomeThatSaysSoCountsAsWell() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      var record = CallRecord()
      record.callId = attempt.call.description
      record.campaignId = attempt.permit.campaignId
      record.leadId = attempt.permit.leadId
      record.to = attempt.permit.to
      record.optedOut = true
      record.outcome = .notInterested
      for _ in 1...2 {
        try await dialers.pool.transaction(name: "outcome") { transaction in
          try await facts(dialers).takeOutcomes([event(OutcomeDecided(call: record))], in: transaction)
        }
      }
      #expect(try await dialers.count("select 1 from do_not_call where source = 'opt_out'") == 1)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
    }
  }

  @Test func anAttemptThatMayNotHaveLeftIsLookedAtAtOnce() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1), Dialers.lead(2)], to: campaign)
      let attempts = try await dialers.claim(campaign).attempts
      #expect(try await dialers.store.claimUnsettled(most: 10, seconds: 30).isEmpty)
      try await hear(attempts[0].permit.to, dialers)
      #expect(try await dialers.store.claimUnsettled(most: 10, seconds: 30).map(\.call) == [attempts[0].call])
    }
  }

  @Test func aLookIsRefusedWhenNobodyCanSay() async throws {
    try await Dialers.with { dialers in
      let dial = DialStore.IntendedDial(tenant: .standard, campaign: .random(), number: "+12125550123")
      try await looking(dialers) { looks in
        let entry = try await looks.ask(dial)
        #expect(entry == nil)
      }
      let looks = LastLooks(store: dialers.store)
      try await running([looks]) {}
      await #expect(throws: BatcherEnded.self) { try await looks.ask(dial) }
      dialers.pool.close()
      try await looking(dialers) { looks in
        await #expect(throws: PostgresError.self) { try await looks.ask(dial) }
      }
    }
  }

  /// Two claimers, people who opt out, and an operator who adds numbers, all at once. What a last look lets through must
  /// not have been on a list before the look began.
  @Test(arguments: UInt64(1)...6) func nothingIsPlacedAfterAnOptOutWasCommitted(seed: UInt64) async throws {
    try await Dialers.with { dialers in
      let campaigns = [try await dialers.campaign(), try await dialers.campaign()]
      let people = 60
      for campaign in campaigns { try await dialers.add((0..<people).map(Dialers.lead), to: campaign) }
      let witness = Witness()
      try await looking(dialers) { looks in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (index, campaign) in campaigns.enumerated() {
            group.addTask {
              var generator = SeededGenerator(seed: seed &* 31 &+ UInt64(index))
              while true {
                let claim = try await dialers.claim(campaign, most: Int.random(in: 1...8, using: &generator))
                if claim.taken == 0 { return }
                for attempt in claim.attempts {
                  let before = witness.barred
                  let entry = try await looks.ask(
                    .init(tenant: .standard, campaign: campaign.rules.campaign, number: attempt.permit.to))
                  if entry != nil { continue }
                  witness.place()
                  #expect(!before.contains(attempt.permit.to), "placed after the opt-out was committed")
                }
              }
            }
          }
          group.addTask {
            var generator = SeededGenerator(seed: seed)
            for person in (0..<people).shuffled(using: &generator).prefix(people / 2) {
              let number = Dialers.lead(person).phone
              if Bool.random(using: &generator) {
                try await hear(number, dialers)
              } else {
                _ = try await dialers.store.addDoNotCall(
                  .init(number: number, reason: ""), to: .of(.standard), source: .api, actor: "test",
                  now: Dialers.monday)
              }
              witness.bar(number)
            }
          }
          try await group.waitForAll()
        }
      }
      #expect(witness.placed >= people)
      #expect(witness.barred.count == people / 2)
      #expect(try await dialers.lost() == 0)
    }
  }
}

/// What was committed and what was placed, as others saw it.
private final class Witness: Sendable {
  private let state = Mutex((barred: Set<String>(), placed: 0))
  var barred: Set<String> { state.withLock { $0.barred } }
  var placed: Int { state.withLock { $0.placed } }
  func bar(_ number: String) { state.withLock { _ = $0.barred.insert(number) } }
  func place() { state.withLock { $0.placed += 1 } }
}
