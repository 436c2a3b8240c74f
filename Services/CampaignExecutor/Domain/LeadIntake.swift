import Core
import Telephony

/// Turns what came in for a lead into a lead that can be called, or says why not. Pure.
enum LeadIntake {
  /// A lead as it came.
  struct Candidate: Hashable, Sendable {
    /// Of the upload; zero for a lead that came alone.
    var line: Int64
    var phone: String
    var firstName: String
    var lastName: String
    var company: String
    var email: String
    var timeZone: String
    var attributes: [String: String]
  }

  /// A candidate with a checked number.
  struct Accepted: Hashable, Sendable {
    var candidate: Candidate
    var e164: String
    var region: String
  }

  struct Problem: Error, Hashable, Sendable {
    enum Kind: Sendable { case invalid, duplicate }
    var line: Int64
    var kind: Kind
    var field: String
    /// What is wrong and what to do.
    var message: String
  }

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
    if !candidate.timeZone.isEmpty, TimeZoneRules.named(candidate.timeZone) == nil {
      throw refuse("time_zone", "\"\(candidate.timeZone)\" is no IANA time zone, such as America/Chicago")
    }
    guard candidate.attributes.count <= mostAttributes else {
      throw refuse("attributes", "\(candidate.attributes.count) further columns; at most \(mostAttributes) are kept")
    }
    for (name, value) in candidate.attributes where value.count > longestAttribute {
      throw refuse(name, "is \(value.count) characters long; at most \(longestAttribute) are allowed")
    }
    return Accepted(candidate: candidate, e164: number.e164, region: number.region)
  }

  /// Leads of one batch that share a number become one; the later ones are told as duplicates of the first.
  static func merge(_ accepted: [Accepted]) -> (leads: [Accepted], problems: [Problem]) {
    var places: [String: Int] = [:]
    var leads: [Accepted] = []
    var problems: [Problem] = []
    for lead in accepted {
      guard let place = places[lead.e164] else {
        places[lead.e164] = leads.count
        leads.append(lead)
        continue
      }
      let first = leads[place].candidate
      problems.append(
        Problem(
          line: lead.candidate.line, kind: .duplicate, field: "phone",
          message: "\(lead.e164) is on line \(first.line) already; the two rows became one lead"))
      leads[place].candidate = first.merged(with: lead.candidate)
    }
    return (leads, problems)
  }

  private static func isEmail(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !parts[1].hasPrefix(".")
      && !parts[1].hasSuffix(".") && !text.contains(where: \.isWhitespace)
  }
}

extension LeadIntake.Candidate {
  /// This lead with what the other one knows better.
  func merged(with other: Self) -> Self {
    var merged = self
    if !other.firstName.isEmpty { merged.firstName = other.firstName }
    if !other.lastName.isEmpty { merged.lastName = other.lastName }
    if !other.company.isEmpty { merged.company = other.company }
    if !other.email.isEmpty { merged.email = other.email }
    if !other.timeZone.isEmpty { merged.timeZone = other.timeZone }
    merged.attributes.merge(other.attributes) { $1 }
    return merged
  }
}
