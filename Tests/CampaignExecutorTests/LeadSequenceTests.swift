import Core
import Telephony
import Testing

@testable import CampaignExecutor

@Suite struct LeadSequenceTests {
  private let joined = ExecutorFixture.start

  @Test func theStandardSequenceIsEmailCallEmails() throws {
    let sequence = try LeadSequence([])
    #expect(sequence.steps.map(\.kind) == [.email, .call, .email, .email])
    #expect(sequence.start(joined: joined) == .init(step: 1, dueAt: joined))
    let call = sequence.position(after: 1, outcome: nil, joined: joined, now: joined)
    #expect(call == .init(step: 2, dueAt: joined + .days(3)))
    let late = joined + .days(8)
    let followUp = sequence.position(after: 2, outcome: .noAnswer, joined: joined, now: late)
    #expect(followUp == .init(step: 3, dueAt: late))
    #expect(sequence.position(after: 2, outcome: .notInterested, joined: joined, now: late) == nil)
    #expect(sequence.position(after: 4, outcome: nil, joined: joined, now: late) == nil)
  }

  @Test func branchesSayWhatAnOutcomeLeadsTo() throws {
    let sequence = try LeadSequence([
      .init(
        kind: .call, day: 0,
        branches: [
          .init(outcomes: [.voicemail], move: .goTo(3)), .init(outcomes: [.unqualified], move: .end),
          .init(outcomes: [.callbackRequested, .voicemail], move: .next),
        ]), .init(kind: .email, day: 1), .init(kind: .call, day: 4),
    ])
    func step(_ outcome: CallOutcome) -> Int? {
      sequence.position(after: 1, outcome: outcome, joined: joined, now: joined)?.step
    }
    #expect(step(.voicemail) == 3)
    #expect(step(.unqualified) == nil)
    #expect(step(.callbackRequested) == 2)
    #expect(step(.busy) == 2)
    #expect(step(.qualified) == nil)
  }

  @Test func whatCannotBeIsRefusedByField() {
    func field(_ steps: [LeadSequence.Step]) -> String? {
      do {
        _ = try LeadSequence(steps)
        return nil
      } catch {
        return error.field
      }
    }
    #expect(field([.init(kind: .email, day: 0)]) == "steps")
    #expect(field([.init(kind: .call, day: 4), .init(kind: .email, day: 3)]) == "steps[1].day")
    #expect(field([.init(kind: .call, day: -1)]) == "steps[0].day")
    let back = LeadSequence.Branch(outcomes: [.busy], move: .goTo(1))
    #expect(field([.init(kind: .call, day: 0, branches: [back])]) == "steps[0].branches[0].step")
    #expect(field([.init(kind: .call, day: 0), .init(kind: .email, day: 0, branches: [back])]) == "steps[1].branches")
  }

  /// Whatever the outcomes: a lead only moves forward, is never due before the day of the step or before now, and the
  /// sequence ends.
  @Test(arguments: UInt64(1)...200) func aLeadMovesForwardUntilTheEnd(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 1...8, using: &generator)
    var day = 0
    var steps: [LeadSequence.Step] = []
    for index in 0..<count {
      day += Int.random(in: 0...3, using: &generator)
      var step = LeadSequence.Step(kind: index == 0 || Bool.random(using: &generator) ? .call : .email, day: day)
      if step.kind == .call {
        for outcome in CallOutcome.allCases where Int.random(in: 0..<3, using: &generator) == 0 {
          let moves: [LeadSequence.Move] =
            index + 2 <= count
            ? [.next, .end, .goTo(Int.random(in: index + 2...count, using: &generator))] : [.next, .end]
          step.branches.append(.init(outcomes: [outcome], move: moves.randomElement(using: &generator) ?? .end))
        }
      }
      steps.append(step)
    }
    let sequence = try LeadSequence(steps)
    var now = joined
    var place: LeadSequence.Position? = sequence.start(joined: joined)
    var moves = 0
    while let current = place {
      now = max(now, current.dueAt) + .seconds(Int.random(in: 0...200_000, using: &generator))
      let outcome =
        sequence.kind(of: current.step) == .call ? CallOutcome.allCases.randomElement(using: &generator) : nil
      place = sequence.position(after: current.step, outcome: outcome, joined: joined, now: now)
      if let place {
        #expect(place.step > current.step && place.dueAt >= now)
        #expect(place.dueAt >= joined + .days(steps[place.step - 1].day))
      }
      moves += 1
    }
    #expect(moves <= count)
  }
}
