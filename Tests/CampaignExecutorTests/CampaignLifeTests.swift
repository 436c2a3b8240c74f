import Testing

@testable import CampaignExecutor

@Suite struct CampaignLifeTests {
  private let legal: [CampaignLife.State: [CampaignLife.Change: CampaignLife.State]] = [
    .draft: [.start: .active, .stop: .cancelled],
    .active: [.pause: .paused, .stop: .cancelled, .complete: .completed],
    .paused: [.resume: .active, .stop: .cancelled, .complete: .completed],
    .completed: [:], .cancelled: [:],
  ]

  @Test(arguments: CampaignLife.State.allCases)
  func everyChangeIsLegalOrRefusedWithAReason(_ state: CampaignLife.State) {
    for change in [CampaignLife.Change.start, .pause, .resume, .stop, .complete] {
      if let after = legal[state]?[change] {
        #expect((try? CampaignLife.state(after: change, from: state)) == after)
      } else {
        #expect(throws: CampaignLife.Refusal.self) { try CampaignLife.state(after: change, from: state) }
      }
    }
  }
}

@Suite struct LeadIntakeTests {
  private func candidate(_ phone: String, line: Int64 = 2, name: String = "") -> LeadIntake.Candidate {
    LeadIntake.Candidate(
      line: line, phone: phone, firstName: name, lastName: "", company: "", email: "", timeZone: "", attributes: [:])
  }

  @Test func numbersBecomeE164() throws {
    let lead = try LeadIntake.accept(candidate("(212) 456-7890"), defaultRegion: "US")
    #expect(lead.e164 == "+12124567890")
    #expect(lead.region == "US")
  }

  @Test(arguments: ["", "12345", "call me maybe", "+999 123 456 789"])
  func badNumbersSayLineAndField(_ phone: String) {
    #expect {
      try LeadIntake.accept(candidate(phone, line: 39), defaultRegion: "US")
    } throws: { error in
      guard let problem = error as? LeadIntake.Problem else { return false }
      return problem.line == 39 && problem.field == "phone" && !problem.message.isEmpty
    }
  }

  @Test func twoRowsOfOnePersonBecomeOneLead() throws {
    let first = try LeadIntake.accept(candidate("+12124567890", line: 2), defaultRegion: nil)
    let second = try LeadIntake.accept(candidate("212-456-7890", line: 9, name: "Ada"), defaultRegion: "US")
    let merged = LeadIntake.merge([first, second])
    #expect(merged.leads.count == 1)
    #expect(merged.leads[0].candidate.firstName == "Ada")
    #expect(merged.problems.map(\.line) == [9])
    #expect(merged.problems[0].message.contains("line 2"))
  }

  @Test func otherFieldsAreChecked() {
    var lead = candidate("+12124567890")
    lead.email = "not an address"
    #expect(throws: LeadIntake.Problem.self) { try LeadIntake.accept(lead, defaultRegion: nil) }
    lead.email = "ada@example.com"
    lead.timeZone = "Mars/Base"
    #expect(throws: LeadIntake.Problem.self) { try LeadIntake.accept(lead, defaultRegion: nil) }
    lead.timeZone = "America/Chicago"
    #expect(throws: Never.self) { try LeadIntake.accept(lead, defaultRegion: nil) }
  }
}
