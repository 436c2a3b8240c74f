import Core
import Telephony
import Testing

@testable import CampaignExecutor

@Suite struct LeadIntakeTests {
  private func candidate(_ phone: String, line: Int64 = 2, name: String = "") -> LeadIntake.Candidate {
    LeadIntake.Candidate(line: line, phone: phone, firstName: name)
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
    let merged = LeadIntake.settle([first, second], known: [:])
    #expect(merged.new.count == 1 && merged.mergedRows == 1)
    #expect(merged.new[0].candidate.firstName == "Ada")
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

  private func problem(_ change: (inout LeadIntake.Candidate) -> Void) -> LeadIntake.Problem? {
    var lead = candidate("+12124567890", line: 7)
    change(&lead)
    do {
      _ = try LeadIntake.accept(lead, defaultRegion: "US")
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: UInt64(1)...100) func anAddressHasOneSignADomainAndNoWhiteSpace(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let pieces = ["a", "b", "@", "@", ".", ".", "-", " ", "\t", "\r\n", "\u{1F}", "é", "\u{301}", "\u{A0}", "ß"]
    for _ in 0..<50 {
      let usual = Bool.random(using: &generator)
      let text =
        (usual ? "a@b" : "")
        + (0..<Int.random(in: 1...6, using: &generator)).map { _ in
          (usual ? pieces.prefix(7) : pieces[...]).randomElement(using: &generator) ?? "a"
        }.joined()
      let parts = text.split(separator: "@", omittingEmptySubsequences: false)
      let isAddress =
        parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !parts[1].hasPrefix(".")
        && !parts[1].hasSuffix(".") && !text.contains(where: \.isWhitespace)
      #expect((problem { $0.email = text } == nil) == isAddress, "\(text.debugDescription)")
    }
  }

  @Test func furtherNumbersAreCheckedByName() {
    func number(_ phone: String, zone: String = "") -> LeadIntake.Number {
      LeadIntake.Number(phone: phone, timeZone: zone, consent: .unknown)
    }
    #expect(problem { $0.numbers = [number("212 456 0001"), number("12")] }?.field == "numbers[1].phone")
    #expect(problem { $0.numbers = [number("212 456 0001", zone: "Mars/Base")] }?.field == "numbers[0].time_zone")
    let five = (1...5).map { number("212 456 000\($0)") }
    #expect(problem { $0.numbers = five }?.field == "numbers[4].phone")
    #expect(problem { $0.numbers = five }?.line == 7)
    #expect(problem { $0.numbers = Array(five.prefix(4)) } == nil)
  }

  @Test func emptyAndRepeatedNumbersArePassedOver() throws {
    var lead = candidate("+12124567890")
    let empty = LeadIntake.Number(phone: "", timeZone: "", consent: .unknown)
    lead.numbers = ["", "+12124567890", "212 456 0001", "", "+12124560001"].map {
      $0.isEmpty ? empty : LeadIntake.Number(phone: $0, timeZone: "", consent: .express)
    }
    let accepted = try LeadIntake.accept(lead, defaultRegion: "US")
    #expect(accepted.numbers.map(\.e164) == ["+12124560001"])
  }

  @Test func addressesAreCodes() throws {
    #expect(problem { $0.subdivision = "Florida" }?.field == "address.subdivision")
    #expect(problem { $0.country = "USA" }?.field == "address.country")
    var lead = candidate("+12124567890")
    lead.subdivision = "fl"
    #expect(try LeadIntake.accept(lead, defaultRegion: nil).candidate.country == "US")
  }

  /// Of every consent before and in an edit: only what is said changes what was taken back.
  @Test func anEditThatSaysNothingOfConsentGivesNoneBack() throws {
    func lead(_ first: Consent, _ further: Consent) throws -> LeadIntake.Accepted {
      var candidate = LeadIntake.Candidate(line: 0, phone: "+12125550123")
      candidate.consent = first
      candidate.numbers = [.init(phone: "+12125550124", timeZone: "", consent: further)]
      return try LeadIntake.accept(candidate, defaultRegion: nil)
    }
    for known in Consent.allCases {
      for new in Consent.allCases {
        let expected = known == .withdrawn && new == .unknown ? Consent.withdrawn : new
        let first = try lead(new, .express).editing(lead(known, .unknown))
        #expect(first.candidate.consent == expected && first.numbers[0].consent == .express)
        let further = try lead(.express, new).editing(lead(.unknown, known))
        #expect(further.candidate.consent == .express && further.numbers[0].consent == expected)
        // A further number that becomes the first keeps what its owner said.
        var promoted = try lead(.unknown, known)
        promoted.e164 = "+12125550125"
        promoted.numbers[0].e164 = "+12125550123"
        #expect(try lead(new, .unknown).editing(promoted).candidate.consent == expected)
      }
    }
  }

  /// Or it could be brought in again as if nobody had said anything.
  @Test func anEditDropsNoNumberWhoseOwnerTookConsentBack() throws {
    func lead(_ numbers: [(Int, Consent)]) throws -> LeadIntake.Accepted {
      var candidate = LeadIntake.Candidate(line: 0, phone: "+12125550100")
      candidate.numbers = numbers.map { .init(phone: "+1212555010\($0.0)", timeZone: "", consent: $0.1) }
      return try LeadIntake.accept(candidate, defaultRegion: nil)
    }
    let known = try lead([(1, .express), (2, .withdrawn), (3, .unknown)])
    let dropped = try lead([]).editing(known)
    #expect(dropped.numbers.map(\.e164) == ["+12125550102"] && dropped.numbers[0].consent == .withdrawn)
    let brought = try lead([(2, .unknown)]).editing(dropped)
    #expect(brought.numbers.map(\.consent) == [.withdrawn])
    #expect(try lead([(2, .express)]).editing(dropped).numbers.map(\.consent) == [.express])
    let full = try lead([(4, .express), (5, .express), (6, .express), (7, .express)])
    #expect { try full.editing(known) } throws: { error in
      (error as? LeadIntake.Problem)?.message.contains("+12125550102") ?? false
    }
  }

  /// The number is left out of the row's lead, but what its owner said is not: for a lead of the batch, and one that is there.
  @Test func consentThatIsTakenBackHoldsForWhicheverLeadHasTheNumber() throws {
    let number = "+12125550101"
    func holder(_ consent: Consent) throws -> LeadIntake.Accepted {
      var candidate = LeadIntake.Candidate(line: 0, phone: number)
      candidate.consent = consent
      return try LeadIntake.accept(candidate, defaultRegion: nil)
    }
    func row(saying consent: Consent) throws -> LeadIntake.Accepted {
      var candidate = LeadIntake.Candidate(line: 0, phone: "+12125550102")
      candidate.numbers = [.init(phone: number, timeZone: "", consent: consent)]
      return try LeadIntake.accept(candidate, defaultRegion: nil)
    }
    let batch = try LeadIntake.settle([holder(.express), row(saying: .withdrawn)], known: [:])
    #expect(batch.new.map(\.candidate.consent) == [.withdrawn, .unknown] && batch.new[1].numbers.isEmpty)
    #expect(batch.problems.count == 1 && batch.problems[0].message.contains("not called there"))
    let id = LeadID.random()
    let there = try LeadIntake.settle([row(saying: .withdrawn)], known: [id: holder(.express)])
    #expect(there.merged[id]?.candidate.consent == .withdrawn && there.mergedRows == 0)
    // Whatever else a row says of somebody's number is not taken.
    let given = try LeadIntake.settle([row(saying: .express)], known: [id: holder(.unknown)])
    #expect(given.merged.isEmpty)
  }

  @Test func consentThatWasTakenBackStays() {
    for level in [Consent.unknown, .express, .expressWritten, .withdrawn] {
      #expect(Consent.withdrawn.updated(by: level) == .withdrawn)
      #expect(level.updated(by: .withdrawn) == .withdrawn)
      #expect(level.updated(by: .unknown) == level)
    }
    #expect(Consent.express.updated(by: .expressWritten) == .expressWritten)
  }

  /// Whatever comes in beside whatever is there, a number is one lead's, and nothing is left out without a word.
  @Test(arguments: UInt64(1)...200) func aNumberIsOneLeads(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    func draw(_ count: Int) -> [String] {
      (0..<count).map { _ in "+1212456000\(Int.random(in: 0..<10, using: &generator))" }
    }
    func lead(_ line: Int64, _ numbers: [String]) -> LeadIntake.Accepted {
      let further = numbers.dropFirst().reduce(into: [String]()) { list, number in
        if number != numbers[0] && !list.contains(number) { list.append(number) }
      }
      return LeadIntake.Accepted(
        candidate: candidate(numbers[0], line: line), e164: numbers[0], region: "US",
        numbers: further.map { .init(e164: $0, region: "US", timeZone: "", consent: .unknown) })
    }
    // Leads that are there have no number in common.
    var free = Set((0..<10).map { "+1212456000\($0)" })
    var known: [LeadID: LeadIntake.Accepted] = [:]
    for _ in 0..<Int.random(in: 0...2, using: &generator) {
      let numbers = free.sorted().shuffled(using: &generator).prefix(Int.random(in: 1...3, using: &generator))
      guard !numbers.isEmpty else { continue }
      known[.random()] = lead(0, Array(numbers))
      free.subtract(numbers)
    }
    let rows = (0..<Int.random(in: 1...6, using: &generator)).map { row in
      lead(Int64(row + 2), draw(Int.random(in: 1...5, using: &generator)))
    }
    let settled = LeadIntake.settle(rows, known: known)
    let all = known.merging(settled.merged) { $1 }.values + settled.new
    let numbers = all.flatMap { [$0.e164] + $0.numbers.map(\.e164) }
    #expect(Set(numbers).count == numbers.count)
    #expect(all.allSatisfy { $0.numbers.count <= LeadIntake.mostNumbers })
    #expect(settled.new.count + settled.mergedRows == rows.count)
    for row in rows {
      #expect(numbers.contains(row.e164))
      let leftOut = row.numbers.filter { number in !numbers.contains(number.e164) }
      #expect(settled.problems.count { $0.line == row.candidate.line } >= leftOut.count)
    }
  }
}
