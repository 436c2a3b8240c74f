import Core
import RingmasterMessages
import Telephony
import Testing

@testable import AutoDialer

/// What campaign-executor tells of numbers spares parsing them, and changes nothing.
@Suite struct NumberRecordTests {
  private static let phones = [
    "+12127365000", "+14163920000", "+12425021234", "+442079460018", "+61491570156", "+64211234567", "+80012345678",
    "+18005550199", "no number", "",
  ]

  @Test(arguments: UInt64(1)...100) func whatIsToldIsWhatWouldBeParsed(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let phones = Self.phones.shuffled(using: &generator)
    var lead = Lead()
    lead.phone = phones[0]
    lead.numbers = phones.dropFirst().prefix(Int.random(in: 0...8, using: &generator)).map { phone in
      var number = LeadNumber()
      number.phone = phone
      return number
    }
    let parsed = NumberRecords(of: lead)
    var known = ([lead.phone] + lead.numbers.map(\.phone)).compactMap {
      try? PhoneNumber.parse($0, defaultRegion: nil).record
    }
    // Any of them may be missing, or be about another lead, or be none.
    known.removeAll { _ in Int.random(in: 0..<4, using: &generator) == 0 }
    if Bool.random(using: &generator) { known.append("+12135550100/US/1/fixed_line_or_mobile/geographical") }
    if Bool.random(using: &generator) { known.append("nonsense") }
    let told = NumberRecords(of: lead, told: known.shuffled(using: &generator).joined(separator: " "))
    #expect(told.text == parsed.text)
    let now = Instant(microsecondsSince1970: 1_790_000_000_000_000)
    #expect(Callee(lead, joinedAt: now, records: told) == Callee(lead, joinedAt: now))
  }
}
