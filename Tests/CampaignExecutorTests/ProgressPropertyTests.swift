import Core
import RingmasterMessages
import TestSupport
import Testing
import Wire

@testable import CampaignExecutor

/// Whatever happens to a campaign's leads, in whatever order and in batches of whatever size, the sums that move with the
/// facts are what counting everything again gives.
@Suite struct ProgressPropertyTests {
  private struct Model {
    enum State { case waiting, inFlight, done }
    struct Person {
      var state = State.waiting
      var attempts = 0
      var outcome: CallOutcome?
    }

    var people: [Person]
    var attempts = 0

    /// One thing that can happen to somebody, and the facts that tell of it.
    mutating func step(
      _ index: Int, _ fact: DialerFact, using generator: inout SeededGenerator
    ) -> [any WireMessage] {
      var person = people[index]
      defer { people[index] = person }
      let call = "\(index)-\(person.attempts)"
      switch (person.state, Int.random(in: 0..<4, using: &generator)) {
      case (.done, _): return []
      case (.waiting, 0):
        person.state = .done
        return [fact.finished("", person.outcome ?? .unspecified, reason: "no_legal_window")]
      case (.waiting, _):
        person.state = .inFlight
        person.attempts += 1
        attempts += 1
        return [fact.started(call)]
      case (.inFlight, 0):
        person.state = .waiting
        person.attempts -= 1
        attempts -= 1
        return [fact.withdrawn(call)]
      case (.inFlight, 1):
        person.state = .waiting
        person.outcome = .noAnswer
        return [fact.retry(call, .noAnswer)]
      case (.inFlight, _):
        let outcomes: [CallOutcome] = [.qualified, .callbackRequested, .unqualified, .busy, .voicemail]
        person.outcome = outcomes.randomElement(using: &generator)
        person.state = .done
        return [fact.finished(call, person.outcome ?? .failed)]
      }
    }

    mutating func recycle(_ outcome: CallOutcome, most: Int) -> Int {
      var count = 0
      for index in people.indices
      where people[index].state == .done && people[index].outcome == outcome && people[index].attempts < most {
        people[index].state = .waiting
        count += 1
      }
      return count
    }
  }

  @Test(arguments: UInt64(1)...20) func sumsEqualARecount(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    try await ExecutorFixture.with { executor in
      // Nothing ends it: a campaign that is fed goes on.
      let (id, leads) = try await executor.campaign(leads: 12) { policy in
        policy.alwaysOn = true
        policy.maxCallsPerLead = 20
      }
      let facts = leads.map { DialerFact(campaign: id, lead: $0) }
      var model = Model(people: leads.map { _ in .init() })
      for _ in 0..<12 {
        var batch: [any WireMessage] = []
        for _ in 0..<Int.random(in: 1...15, using: &generator) {
          let index = Int.random(in: facts.indices, using: &generator)
          batch += model.step(index, facts[index], using: &generator)
        }
        try await executor.take(batch)
        if Int.random(in: 0..<4, using: &generator) == 0 {
          let answer = try await executor.store.recycle(
            id, outcomes: [.busy], tenant: executor.tenant, actor: "test", now: executor.clock.now())
          #expect(Int(answer.recycled) == model.recycle(.busy, most: 20))
        }
      }
      let progress = try #require(
        try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now()))
      let people = model.people
      #expect(progress.leads == 12)
      #expect(Int(progress.done) == people.count { $0.state == .done })
      #expect(Int(progress.inFlight) == people.count { $0.state == .inFlight })
      #expect(Int(progress.called) == people.count { $0.attempts > 0 })
      #expect(Int(progress.attempts) == model.attempts)
      #expect(Int(progress.retriesWaiting) == people.count { $0.state == .waiting && $0.attempts > 0 })
      let won = people.count { $0.state == .done && [.qualified, .callbackRequested].contains($0.outcome) }
      #expect(Int(progress.successful) == won)
      #expect(Int(progress.leadsByOutcome.values.reduce(0, +)) == people.count { $0.state == .done })
      // And by the rows themselves.
      #expect(try await executor.number("select count(*) from lead where state = 'done'") == progress.done)
      #expect(try await executor.number("select sum(attempts) from lead") == progress.attempts)
    }
  }
}
