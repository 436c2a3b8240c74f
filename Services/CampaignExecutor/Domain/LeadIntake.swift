import Core
import Telephony

/// Turns what came in for a lead into a lead that can be called, or says why not. Pure.
enum LeadIntake {
  /// A further number of a lead, as it came.
  struct Number: Hashable, Sendable {
    var phone: String
    var timeZone: String
    var consent: Consent
  }

  /// A lead as it came.
  struct Candidate: Hashable, Sendable {
    /// Of the upload; zero for a lead that came alone.
    var line: Int64
    var phone: String
    var firstName = ""
    var lastName = ""
    var company = ""
    var email = ""
    var timeZone = ""
    var attributes: [String: String] = [:]
    /// Of `phone`.
    var consent = Consent.unknown
    /// Those that are all empty are passed over.
    var numbers: [Number] = []
    /// ISO 3166-1 alpha-2 and the second part of ISO 3166-2; empty when not known.
    var country = ""
    var subdivision = ""
    var notAfter: Instant?
  }

  /// A further number, checked.
  struct AcceptedNumber: Hashable, Sendable {
    var e164: String
    var region: String
    var timeZone: String
    var consent: Consent
    /// `PhoneNumber.record` of it; empty when it was not parsed now.
    var record = ""
  }

  /// A candidate with checked numbers.
  struct Accepted: Hashable, Sendable {
    var candidate: Candidate
    var e164: String
    var region: String
    var numbers: [AcceptedNumber]
    /// `PhoneNumber.record` of `e164`; empty when it was not parsed now.
    var record = ""

    /// The records of all its numbers that have one, as the dialer takes them.
    var records: String {
      ([record] + numbers.map(\.record)).filter { !$0.isEmpty }.joined(separator: " ")
    }
  }

  struct Problem: Error, Hashable, Sendable {
    enum Kind: Sendable { case invalid, duplicate }
    var line: Int64
    var kind: Kind
    var field: String
    /// What is wrong and what to do.
    var message: String
  }

  /// Further numbers of a lead at most.
  static let mostNumbers = 4
  private static let longestText = 200
  private static let mostAttributes = 50
  private static let longestAttribute = 2000

  /// Checks one lead.
  static func accept(_ candidate: Candidate, defaultRegion: String?) throws(Problem) -> Accepted {
    func refuse(_ field: String, _ message: String) -> Problem {
      Problem(line: candidate.line, kind: .invalid, field: field, message: message)
    }
    let number: PhoneNumber
    do {
      number = try PhoneNumber.parse(candidate.phone, defaultRegion: defaultRegion)
    } catch {
      throw refuse("phone", error.description)
    }
    let texts = [
      ("first_name", candidate.firstName), ("last_name", candidate.lastName), ("company", candidate.company),
      ("email", candidate.email),
    ]
    for (field, text) in texts where text.count > longestText {
      throw refuse(field, "is \(text.count) characters long; at most \(longestText) are allowed")
    }
    if !candidate.email.isEmpty, !isEmail(candidate.email) {
      throw refuse("email", "\"\(candidate.email)\" is no email address")
    }
    if let message = zoneProblem(candidate.timeZone) { throw refuse("time_zone", message) }
    guard candidate.attributes.count <= mostAttributes else {
      throw refuse("attributes", "\(candidate.attributes.count) further columns; at most \(mostAttributes) are kept")
    }
    for (name, value) in candidate.attributes where value.count > longestAttribute {
      throw refuse(name, "is \(value.count) characters long; at most \(longestAttribute) are allowed")
    }
    let numbers = try furtherNumbers(of: candidate, beside: number.e164, defaultRegion: defaultRegion)
    return Accepted(
      candidate: try located(candidate, region: number.region), e164: number.e164, region: number.region,
      numbers: numbers, record: number.record)
  }

  /// The further numbers, checked; one that the lead has already is passed over.
  private static func furtherNumbers(
    of candidate: Candidate, beside primary: String, defaultRegion: String?
  ) throws(Problem) -> [AcceptedNumber] {
    var numbers: [AcceptedNumber] = []
    for (index, number) in candidate.numbers.enumerated() {
      if number == Number(phone: "", timeZone: "", consent: .unknown) { continue }
      func refuse(_ field: String, _ message: String) -> Problem {
        Problem(line: candidate.line, kind: .invalid, field: "numbers[\(index)].\(field)", message: message)
      }
      let parsed: PhoneNumber
      do {
        parsed = try PhoneNumber.parse(number.phone, defaultRegion: defaultRegion)
      } catch {
        throw refuse("phone", error.description)
      }
      if let message = zoneProblem(number.timeZone) { throw refuse("time_zone", message) }
      if parsed.e164 == primary || numbers.contains(where: { $0.e164 == parsed.e164 }) { continue }
      guard numbers.count < mostNumbers else {
        throw refuse("phone", "is one too many; a lead has at most \(mostNumbers) numbers besides the first")
      }
      numbers.append(
        AcceptedNumber(
          e164: parsed.e164, region: parsed.region, timeZone: number.timeZone, consent: number.consent,
          record: parsed.record))
    }
    return numbers
  }

  /// The candidate with its address as the law's tables name places. A state alone lies in the number's country.
  private static func located(_ candidate: Candidate, region: String) throws(Problem) -> Candidate {
    var located = candidate
    located.country = candidate.country.uppercased()
    located.subdivision = candidate.subdivision.uppercased()
    if located.country.isEmpty && !located.subdivision.isEmpty { located.country = region }
    if !located.country.isEmpty, !isCode(located.country, 2...2, digits: false) {
      throw Problem(
        line: candidate.line, kind: .invalid, field: "address.country",
        message: "\"\(candidate.country)\" is no ISO 3166 code of a country, such as US")
    }
    if !located.subdivision.isEmpty, !isCode(located.subdivision, 1...3, digits: true) {
      throw Problem(
        line: candidate.line, kind: .invalid, field: "address.subdivision",
        message: "\"\(candidate.subdivision)\" is no code of a state, such as FL or NSW; write the code, not the name")
    }
    return located
  }

  private static func isCode(_ text: String, _ length: ClosedRange<Int>, digits: Bool) -> Bool {
    length.contains(text.count)
      && text.allSatisfy { $0.isASCII && ($0.isUppercase || digits && $0.isNumber) }
  }

  private static func zoneProblem(_ name: String) -> String? {
    name.isEmpty || TimeZoneRules.named(name) != nil
      ? nil : "\"\(name)\" is no IANA time zone, such as America/Chicago"
  }

  private static func isEmail(_ text: String) -> Bool {
    // Byte by byte where that is the same: by characters it is what takes longest of all that is checked of a lead.
    text.utf8.allSatisfy { $0 < 0x80 }
      ? isEmail(text.utf8, at: UInt8(ascii: "@"), dot: UInt8(ascii: ".")) { $0 == 0x20 || (0x09...0x0D).contains($0) }
      : isEmail(text, at: "@", dot: ".") { $0.isWhitespace }
  }

  private static func isEmail<Text: BidirectionalCollection>(
    _ text: Text, at: Text.Element, dot: Text.Element, isWhitespace: (Text.Element) -> Bool
  ) -> Bool where Text.Element: Equatable {
    guard let sign = text.firstIndex(of: at), sign > text.startIndex else { return false }
    let domain = text[text.index(after: sign)...]
    return domain.contains(dot) && domain.first != dot && domain.last != dot && !domain.contains(at)
      && !text.contains(where: isWhitespace)
  }
}
