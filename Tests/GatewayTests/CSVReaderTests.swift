import Core
import RingmasterMessages
import Testing

@testable import Gateway

@Suite struct CSVReaderTests {
  private func read(_ text: String, pieces: Int = .max) -> [CSVReader.Row] {
    var reader = CSVReader()
    var rows: [CSVReader.Row] = []
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      rows += reader.take(Array(bytes.prefix(pieces)))
      bytes = bytes.dropFirst(pieces)
    }
    return rows + reader.finish()
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func anyCutGivesTheSameRows(pieces: Int) {
    let text = "\u{FEFF}a,b\r\n\"x, \"\"y\"\"\",2\n\n\"two\nlines\",4\r\nlast,row"
    #expect(
      read(text, pieces: pieces) == [
        .cells(["a", "b"], line: 1), .cells(["x, \"y\"", "2"], line: 2), .cells(["two\nlines", "4"], line: 4),
        .cells(["last", "row"], line: 6),
      ])
  }

  @Test func faultsNameTheirLineAndTheRestGoesOn() {
    let rows = read("a\nb\"c\nd\n\"e\"f\ng\n")
    #expect(rows.count == 5)
    #expect(rows[0] == .cells(["a"], line: 1))
    guard case .fault(_, line: 2) = rows[1], case .fault(_, line: 4) = rows[3] else {
      Issue.record("\(rows)")
      return
    }
    #expect(rows[4] == .cells(["g"], line: 5))
  }

  @Test func anUnclosedQuoteIsAFault() {
    guard case .fault(let message, line: 2)? = read("a\n\"b").last else {
      Issue.record("no fault")
      return
    }
    #expect(message.contains("never closed"))
  }

  @Test func bytesThatAreNoTextAreAFault() {
    var reader = CSVReader()
    let rows = reader.take([0x61, 0x0A, 0xFF, 0xFE, 0x0A]) + reader.finish()
    guard case .fault(let message, line: 2)? = rows.last else {
      Issue.record("no fault")
      return
    }
    #expect(message.contains("UTF-8"))
  }

  @Test func aRowIsBounded() {
    let rows = read("a\n" + String(repeating: "x", count: 100_000) + "\nb\n")
    #expect(rows.count == 3)
    guard case .fault = rows[1] else {
      Issue.record("no fault")
      return
    }
  }

  /// 10,000 random and mutated files: no crash, and every line is answered for once at most.
  @Test func randomFilesDoNoHarm() {
    let seed: UInt64 = 20_261_121
    var generator = SeededGenerator(seed: seed)
    let sound = Array("phone,name\n+12125550123,\"Ada, A\"\r\n".utf8)
    let alphabet = Array("\",\r\n ab\u{0}é\u{FEFF}".utf8) + [0xFF, 0xC0]
    for _ in 0..<10_000 {
      var bytes = Bool.random(using: &generator) ? sound : []
      for _ in 0..<Int.random(in: 0...40, using: &generator) {
        let byte = alphabet.randomElement(using: &generator) ?? 0
        bytes.insert(byte, at: Int.random(in: 0...bytes.count, using: &generator))
      }
      var reader = CSVReader()
      var rows: [CSVReader.Row] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Int.random(in: 1...16, using: &generator)
        rows += reader.take(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      rows += reader.finish()
      let lines = rows.map { row in
        switch row {
        case .cells(_, let line), .fault(_, let line): line
        }
      }
      #expect(lines == lines.sorted() && Set(lines).count == lines.count, "seed \(seed)")
    }
  }
}

@Suite struct LeadColumnsTests {
  @Test func columnsAreKnownByManyNames() throws {
    let columns = try LeadColumns(header: ["Phone Number", "First", "surname", "E-Mail", "interest"])
    let values = try #require(columns.values([" +1 212 555 0123 ", "Ada", "Abbott", "a@b.c", "pricing"]))
    #expect(values.text(.phone) == "+1 212 555 0123")
    #expect(values.text(.lastName) == "Abbott")
    #expect(values.attributes == ["interest": "pricing"])
  }

  @Test func shortRowsAreFilledAndLongOnesRefused() throws {
    let columns = try LeadColumns(header: ["phone", "company"])
    #expect(columns.values(["1"])?.text(.company) == "")
    #expect(columns.values(["1", "2", "3"]) == nil)
  }

  @Test(arguments: [["name", "company"], ["phone", "phone"], ["phone", ""]])
  func aHeaderThatCannotBeIsRefused(_ header: [String]) {
    #expect(throws: LeadColumns.HeaderProblem.self) { try LeadColumns(header: header) }
  }
}

@Suite struct LeadRowTests {
  private func lead(_ header: [String], _ cells: [String]) throws -> NewLead {
    try NewLead(try #require(try LeadColumns(header: header).values(cells)), line: 2)
  }

  @Test func everyColumnOfALeadIsRead() throws {
    let lead = try lead(
      [
        "phone", "consent", "Phone 2", "phone2_consent", "phone2_time_zone", "phone3", "phone4", "state", "country",
        "not_after", "phone6",
      ],
      [
        "+12124560001", "express_written", "+12124560002", "Express", "America/Chicago", "", "+12124560004", "FL",
        "US", "2026-12-24T17:00:00-05:00", "extra",
      ])
    #expect(lead.consent == .expressWritten)
    #expect(lead.numbers.map(\.phone) == ["+12124560002", "", "+12124560004"])
    #expect(lead.numbers[0].consent == .express && lead.numbers[0].timeZone == "America/Chicago")
    #expect(lead.address?.subdivision == "FL" && lead.address?.country == "US")
    #expect(lead.notAfter?.instant == Instant(rfc3339: "2026-12-24T22:00:00Z"))
    #expect(lead.attributes == ["phone6": "extra"])
  }

  @Test(arguments: [("consent", "yes"), ("phone2_consent", "maybe"), ("not_after", "2026-12-24")])
  func aCellThatSaysNothingKnownIsRefusedByColumn(_ column: String, _ cell: String) {
    #expect {
      try lead(["phone", "phone2", column], ["+12124560001", "+12124560002", cell])
    } throws: { error in
      guard let problem = error as? CellProblem else { return false }
      return problem.column == column && problem.message.contains(cell)
    }
  }

  @Test func aProblemOfANumberNamesItsColumn() {
    func column(_ field: String) -> String {
      var problem = LeadProblem()
      problem.field = field
      return LeadUpload.named(problem).field
    }
    #expect(column("numbers[0].phone") == "phone2")
    #expect(column("numbers[3].time_zone") == "phone5_time_zone")
    #expect(column("phone") == "phone")
  }
}
