import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct DoNotCallRuleTests {
  private let campaigns = (0..<3).map { CampaignID(UniqueID.derived(from: "campaign", "\($0)")) }

  private func entries(seed: UInt64) -> [DoNotCallEntry] {
    var generator = SeededGenerator(seed: seed)
    return (0..<Int.random(in: 0...6, using: &generator)).map { _ in
      let scopes: [DoNotCallEntry.Scope] = [.global, .tenant] + campaigns.map { .campaign($0) }
      let added = Dialers.monday + .seconds(Int.random(in: 0...100, using: &generator))
      return DoNotCallEntry(
        number: "+12125550123", scope: scopes.randomElement(using: &generator) ?? .tenant, source: .api, reason: "",
        actor: "", addedAt: added,
        removedAt: Bool.random(using: &generator)
          ? added + .seconds(Int.random(in: 0...100, using: &generator)) : nil)
    }
  }

  @Test(arguments: UInt64(1)...200) func theMostGeneralOldestEntryForbids(seed: UInt64) throws {
    let entries = entries(seed: seed)
    for campaign in campaigns + [nil] {
      let found = DoNotCallEntry.forbidding(entries, campaign: campaign)
      let own = entries.filter { entry in
        switch entry.scope {
        case .global, .tenant: true
        case .campaign(let other): other == campaign
        }
      }
      #expect((found == nil) == own.isEmpty)
      guard let found else { continue }
      #expect(own.contains(found))
      for scope in [DoNotCallEntry.Scope.global, .tenant] where own.contains(where: { $0.scope == scope }) {
        #expect(found.scope == scope)
        break
      }
      #expect(!own.contains { $0.scope == found.scope && $0.addedAt < found.addedAt })
    }
  }

  @Test(arguments: UInt64(1)...100) func anEntryHoldsFromItsStartUntilItsEnd(seed: UInt64) {
    for entry in entries(seed: seed) {
      #expect(!entry.isInForce(at: entry.addedAt - .microseconds(1)))
      #expect(entry.isInForce(at: entry.addedAt) == (entry.removedAt != entry.addedAt))
      if let end = entry.removedAt {
        #expect(!entry.isInForce(at: end))
      } else {
        #expect(entry.isInForce(at: entry.addedAt + .days(10_000)))
      }
    }
  }

  @Test func theGateSaysWhichListAndNeverTheNumber() throws {
    #expect(DoNotCallGate.judge(nil).finding.passed)
    let entry = DoNotCallEntry(
      number: "+12125550123", scope: .global, source: .import, reason: "secret", actor: "", addedAt: Dialers.monday)
    guard case .never("do_not_call", let finding) = DoNotCallGate.judge(entry) else {
      Issue.record("not forbidden")
      return
    }
    #expect(finding.description == "do_not_call: on the global list since 2026-03-02T15:00:00Z (import)")
  }
}
