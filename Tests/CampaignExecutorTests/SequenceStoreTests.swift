import Core
import RingmasterMessages
import TestSupport
import Testing

@testable import CampaignExecutor

@Suite struct SequenceStoreTests {
  private func step(_ kind: SequenceStepKind, day: Int32) -> SequenceStep {
    var step = SequenceStep()
    step.kind = kind
    step.day = day
    return step
  }

  /// Email at once, calls on days 2 and 4, an email on day 5.
  private func policy(_ policy: inout CampaignPolicy) {
    var sequence = CampaignSequence()
    sequence.steps = [step(.email, day: 0), step(.call, day: 2), step(.call, day: 4), step(.email, day: 5)]
    policy.sequence = sequence
  }

  @Test func aLeadMovesThroughItsSteps() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0, active: false, policy)
      let lead = try await executor.add(ExecutorFixture.lead(1) { $0.email = "ada@example.com" }, to: id)
      let fact = DialerFact(campaign: id, lead: lead.id)
      let worker = SequenceWorker(store: executor.store, clock: executor.clock, logger: .discarding)
      // Nothing is due while the campaign is a draft; the dialer knows nothing of the lead.
      #expect(try await worker.moveDue() == 0)
      try await executor.change(id, .start)
      #expect(try await worker.moveDue() == 1)
      #expect(try await executor.events(EmailStepDue.self).map(\.step) == [1])
      #expect(try await worker.moveDue() == 0)
      #expect(try await executor.events(LeadsAdded.self).isEmpty)

      executor.clock.advance(by: .days(2))
      #expect(try await worker.moveDue() == 1)
      #expect(try await executor.events(LeadsAdded.self).flatMap(\.leads).map(\.leadId) == [lead.lead.leadId])
      try await executor.take([fact.started("a"), fact.finished("a", .noAnswer)])
      var progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.done == 0 && progress?.inFlight == 0 && progress?.called == 1)

      executor.clock.advance(by: .days(2))
      #expect(try await worker.moveDue() == 1)
      #expect(try await executor.events(LeadsRecycled.self).flatMap(\.leads).map(\.leadId) == [lead.lead.leadId])
      progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.retriesWaiting == 1)
      try await executor.take([fact.started("b"), fact.finished("b", .voicemail)])

      executor.clock.advance(by: .days(1))
      #expect(try await worker.moveDue() == 1)
      #expect(try await executor.events(EmailStepDue.self).map(\.step) == [1, 4])
      #expect(try await executor.state(of: id) == .completed)
      progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.done == 1 && progress?.retriesWaiting == 0 && progress?.inFlight == 0)
      #expect(progress?.leadsByOutcome == ["voicemail": 1])
      #expect(try await executor.events(LeadCompleted.self).compactMap { $0.lead?.doneReason } == ["sequence_ended"])
    }
  }

  @Test func anOutcomeThatSettlesTheMatterEndsTheSequence() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1, policy)
      let worker = SequenceWorker(store: executor.store, clock: executor.clock, logger: .discarding)
      #expect(try await worker.moveDue() == 1)
      executor.clock.advance(by: .days(2))
      #expect(try await worker.moveDue() == 1)
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.started("a"), fact.finished("a", .qualified, reason: "qualified")])
      #expect(try await executor.state(of: id) == .completed)
      executor.clock.advance(by: .days(9))
      #expect(try await worker.moveDue() == 0)
      // Nobody is written to without an address.
      #expect(try await executor.events(EmailStepDue.self).isEmpty)
    }
  }

  @Test func aLeadThatCouldNotBeCalledGoesOn() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1, policy)
      let worker = SequenceWorker(store: executor.store, clock: executor.clock, logger: .discarding)
      #expect(try await worker.moveDue() == 1)
      executor.clock.advance(by: .days(2))
      #expect(try await worker.moveDue() == 1)
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.finished("", .unspecified, reason: "no_legal_window")])
      executor.clock.advance(by: .days(2))
      // The dialer knows the lead and is asked to call it again.
      #expect(try await worker.moveDue() == 1)
      #expect(try await executor.events(LeadsRecycled.self).count == 1)
      try await executor.take([fact.started("a"), fact.retry("a", .busy), fact.started("b")])
      try await executor.take([fact.finished("b", .noAnswer)])
      executor.clock.advance(by: .days(1))
      #expect(try await worker.moveDue() == 1)
      let progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.done == 1 && progress?.inFlight == 0 && progress?.retriesWaiting == 0)
      #expect(progress?.called == 1 && progress?.attempts == 2)
      #expect(progress?.state == .completed)
    }
  }

  @Test func severalWorkersMoveEachStepOnce() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 0, active: false, policy)
      #expect(leads.isEmpty)
      for index in 0..<30 {
        _ = try await executor.add(ExecutorFixture.lead(index) { $0.email = "p\(index)@example.com" }, to: id)
      }
      try await executor.change(id, .start)
      try await withThrowingTaskGroup { group in
        for _ in 0..<4 {
          group.addTask {
            let worker = SequenceWorker(store: executor.store, clock: executor.clock, logger: .discarding)
            _ = try await worker.moveDue()
          }
        }
        try await group.waitForAll()
      }
      let written = try await executor.events(EmailStepDue.self).compactMap { $0.lead?.leadId }
      #expect(written.count == 30 && Set(written).count == 30)
    }
  }
}
