import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import TestSupport
import Testing

@testable import CampaignExecutor

@Suite struct LeadStoreTests {
  private func batch(_ number: Int32, _ leads: [NewLead], _ importID: ImportID) -> ImportLeadsRequest {
    var request = ImportLeadsRequest()
    request.importId = importID.description
    request.batch = number
    request.leads = leads
    return request
  }

  @Test func aBatchSentTwiceChangesNothingAndGetsTheSameAnswer() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      let upload = try await executor.store.openImport(
        of: id, fileName: "a.csv", tenant: executor.tenant, now: executor.clock.now())
      var bad = NewLead()
      bad.line = 4
      bad.phone = "12"
      let rows = [
        ExecutorFixture.lead(1, line: 2), ExecutorFixture.lead(1, line: 3) { $0.firstName = "Ada" }, bad,
      ]
      let first = try await executor.store.importBatch(
        batch(1, rows, upload), campaign: id, importID: upload, tenant: executor.tenant, now: executor.clock.now())
      let told = try await executor.events().count
      let second = try await executor.store.importBatch(
        batch(1, rows, upload), campaign: id, importID: upload, tenant: executor.tenant, now: executor.clock.now())
      #expect(first == second)
      #expect(first.added == 1 && first.merged == 1)
      #expect(first.problems.map(\.line) == [3, 4])
      #expect(try await executor.events().count == told)
      let summary = try await executor.store.closeImport(
        upload, campaign: id, complete: true, tenant: executor.tenant, now: executor.clock.now())
      #expect(summary.rows == 3 && summary.added == 1 && summary.merged == 1 && summary.refused == 1)
      let progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.leads == 1)
    }
  }

  @Test func aNumberOfTheCampaignIsMergedAndTold() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1)
      let again = try await executor.add(
        ExecutorFixture.lead(0) {
          $0.lastName = "Lovelace"
          $0.attributes = ["interest": "engines"]
        }, to: id)
      #expect(again.merged && again.id == leads[0])
      let updated = try await executor.events(LeadUpdated.self)
      #expect(updated.map { $0.lead?.lastName } == ["Lovelace"])
      let progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.leads == 1)
    }
  }

  @Test func uploadsAtTheSameTimeGiveEachNumberOneLead() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      let answers = try await withThrowingTaskGroup(of: ImportLeadsResponse.self) { group in
        for uploader in 0..<6 {
          group.addTask {
            var generator = SeededGenerator(seed: UInt64(uploader))
            let upload = try await executor.store.openImport(
              of: id, fileName: "\(uploader).csv", tenant: executor.tenant, now: executor.clock.now())
            let rows = (0..<40).map { ExecutorFixture.lead($0 + uploader * 5) }.shuffled(using: &generator)
            return try await executor.store.importBatch(
              batch(1, rows, upload), campaign: id, importID: upload, tenant: executor.tenant,
              now: executor.clock.now())
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let numbers = 40 + 5 * 5
      #expect(answers.map(\.added).reduce(0, +) == numbers)
      #expect(answers.map { $0.added + $0.merged }.allSatisfy { $0 == 40 })
      let told = try await executor.events(LeadsAdded.self).flatMap(\.leads).map(\.phone)
      #expect(told.count == numbers && Set(told).count == numbers)
      let progress = try await executor.store.progress(of: id, tenant: executor.tenant, now: executor.clock.now())
      #expect(progress?.leads == Int64(numbers))
    }
  }

  @Test func aCampaignThatWaitedForAnUploadCompletesWhenItCloses() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1)
      let upload = try await executor.store.openImport(
        of: id, fileName: "more.csv", tenant: executor.tenant, now: executor.clock.now())
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.started("a"), fact.finished("a", .qualified)])
      #expect(try await executor.store.campaign(id, tenant: executor.tenant)?.state == .active)
      _ = try await executor.store.closeImport(
        upload, campaign: id, complete: false, tenant: executor.tenant, now: executor.clock.now())
      #expect(try await executor.store.campaign(id, tenant: executor.tenant)?.state == .completed)
    }
  }

  @Test func anUploadThatBrokeOffUnheardHoldsUpNobodyForLong() async throws {
    try await ExecutorFixture.with { executor in
      let (id, leads) = try await executor.campaign(leads: 1)
      let warden = UploadWarden(store: executor.store, clock: executor.clock, logger: .discarding)
      let upload = try await executor.store.openImport(
        of: id, fileName: "lost.csv", tenant: executor.tenant, now: executor.clock.now())
      let fact = DialerFact(campaign: id, lead: leads[0])
      try await executor.take([fact.started("a"), fact.finished("a", .qualified)])
      try await warden.closeAbandoned()
      #expect(try await executor.state(of: id) == .active)
      try await executor.pool.execute(
        NamedQuery(name: "expire", sql: "update lead_import set lease_until = now() - interval '1 s'"))
      try await warden.closeAbandoned()
      #expect(try await executor.state(of: id) == .completed)
      let late = try await executor.store.closeImport(
        upload, campaign: id, complete: true, tenant: executor.tenant, now: executor.clock.now())
      #expect(!late.complete)
    }
  }

  @Test func whatALeadSaysOfItselfIsKeptAndTold() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      let end = executor.clock.now() + .days(9)
      let added = try await executor.add(
        ExecutorFixture.lead(1) { lead in
          lead.consent = .expressWritten
          lead.notAfter = .init(end)
          var address = LeadAddress()
          address.subdivision = "fl"
          lead.address = address
          var number = LeadNumber()
          number.phone = "(212) 456-0002"
          number.timeZone = "America/Chicago"
          number.consent = .express
          lead.numbers = [number]
        }, to: id)
      let event = try #require(try await executor.events(LeadsAdded.self).first)
      let told = try #require(event.leads.first)
      #expect(told == added.lead)
      let id0 = try #require(LeadID(told.leadId))
      #expect(try await executor.store.lead(id0, of: id, tenant: executor.tenant) == told)
      let numbers = try ([told.phone] + told.numbers.map(\.phone)).map {
        try PhoneNumber.parse($0, defaultRegion: nil).record
      }
      #expect(event.numbers == [numbers.joined(separator: " ")])
      #expect(told.consent == .expressWritten && told.notAfter?.instant == end)
      #expect(told.address?.country == "US" && told.address?.subdivision == "FL")
      #expect(told.numbers.map(\.phone) == ["+12124560002"])
      #expect(told.numbers.first?.consent == .express && told.numbers.first?.timeZone == "America/Chicago")
    }
  }

  @Test func aNumberIsOneLeadsWhereverItStands() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0, active: false)
      func add(_ index: Int, further: [Int] = []) async throws -> ExecutorFixture.Added {
        let lead = ExecutorFixture.lead(index) { lead in
          lead.numbers = further.map {
            var number = LeadNumber()
            number.phone = ExecutorFixture.phone($0)
            return number
          }
        }
        return try await executor.add(lead, to: id)
      }
      let first = try await add(1, further: [2, 3])
      // The first number of a new lead is a further one of another: the same person.
      let second = try await add(3)
      #expect(second.merged && second.id == first.id)
      // A further number of a new lead is another's: it is left out, and that is said.
      let third = try await add(4, further: [2, 5])
      #expect(!third.merged && third.lead.numbers.map(\.phone) == [ExecutorFixture.phone(5)])
      #expect(third.problems.map(\.field) == ["numbers[0].phone"])
      #expect(third.problems[0].message.contains("another lead"))
      // An edit cannot take a number away from somebody else either.
      var edit = try LeadIntake.accept(.init(line: 0, phone: ExecutorFixture.phone(4)), defaultRegion: nil)
      edit.numbers = [.init(e164: ExecutorFixture.phone(1), region: "US", timeZone: "", consent: .unknown)]
      await #expect {
        try await executor.store.update(
          third.id, of: id, with: edit, tenant: executor.tenant,
          now: executor.clock.now())
      } throws: { ($0 as? RPCError)?.code == .alreadyExists }
      // But it may free one, which another lead can have then.
      edit.numbers = []
      _ = try await executor.store.update(
        third.id, of: id, with: edit, tenant: executor.tenant,
        now: executor.clock.now())
      #expect(try await add(6, further: [5]).problems.isEmpty)
    }
  }

  /// The simulation called somebody who had withdrawn consent and was renamed afterwards.
  @Test func renamingALeadDoesNotGiveBackItsConsent() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0) { $0.alwaysOn = true }
      var lead = ExecutorFixture.lead(1)
      lead.consent = .withdrawn
      let added = try await executor.add(lead, to: id)
      for (consent, expected) in [(Consent.unknown, ConsentLevel.withdrawn), (.express, .express)] {
        var edit = LeadIntake.Candidate(line: 0, phone: ExecutorFixture.phone(1), firstName: "Renamed")
        edit.consent = consent
        let edited = try await executor.store.update(
          added.id, of: id, with: LeadIntake.accept(edit, defaultRegion: nil), tenant: executor.tenant,
          now: executor.clock.now())
        #expect(edited.consent == expected && edited.firstName == "Renamed")
        #expect(try await executor.events(LeadUpdated.self).last?.lead?.consent == expected)
      }
    }
  }

  @Test func aClientsKeyAddsALeadOnce() async throws {
    try await ExecutorFixture.with { executor in
      let (id, _) = try await executor.campaign(leads: 0) { $0.alwaysOn = true }
      func add(_ index: Int) async throws -> ExecutorFixture.Added {
        try await executor.add(ExecutorFixture.lead(index), key: "order-7", to: id)
      }
      let answers = try await withThrowingTaskGroup(of: ExecutorFixture.Added.self) { group in
        for _ in 0..<4 { group.addTask { try await add(1) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(answers.map(\.id)).count == 1)
      #expect(answers.allSatisfy { !$0.merged })
      await #expect { try await add(2) } throws: { ($0 as? RPCError)?.code == .alreadyExists }
      #expect(try await executor.events(LeadUpdated.self).isEmpty)
    }
  }
}
