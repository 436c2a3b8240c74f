import Core
import RingmasterMessages
import Wire

/// What is wrong with a cell, for the person who uploaded it.
struct CellProblem: Error, Hashable, Sendable {
  var column: String
  var message: String
}

extension NewLead {
  /// A lead from a row of an upload. Numbers, zones and addresses are checked by campaign-executor; here, cells become what
  /// the wire has for them.
  init(_ values: LeadColumns.Values, line: Int64) throws(CellProblem) {
    self.init()
    self.line = line
    phone = values.text(.phone)
    firstName = values.text(.firstName)
    lastName = values.text(.lastName)
    company = values.text(.company)
    email = values.text(.email)
    timeZone = values.text(.timeZone)
    attributes = values.attributes
    consent = try Self.consent(values.text(.consent), column: "consent")
    for (index, number) in values.numbers.enumerated() {
      var further = LeadNumber()
      // A consent or zone without a number says nothing; the empty entry keeps the place of those after it.
      if let phone = number[.phone] {
        further.phone = phone
        further.timeZone = number[.timeZone] ?? ""
        further.consent = try Self.consent(number[.consent] ?? "", column: "phone\(index + 2)_consent")
      }
      numbers.append(further)
    }
    if values.fields[.country] != nil || values.fields[.subdivision] != nil {
      var place = LeadAddress()
      place.country = values.text(.country)
      place.subdivision = values.text(.subdivision)
      address = place
    }
    let end = values.text(.notAfter)
    if !end.isEmpty {
      guard let instant = Instant(rfc3339: end) else {
        throw CellProblem(
          column: "not_after", message: "\"\(end)\" is no time with a zone, such as 2026-12-24T17:00:00Z")
      }
      notAfter = Timestamp(instant)
    }
  }

  private static func consent(_ text: String, column: String) throws(CellProblem) -> ConsentLevel {
    switch text.lowercased() {
    case "", "unknown", "none": return .unspecified
    case "express": return .express
    case "express_written", "written": return .expressWritten
    case "withdrawn", "revoked": return .withdrawn
    default:
      throw CellProblem(
        column: column,
        message: "\"\(text)\" is not known; write express, express_written or withdrawn, or leave the cell empty")
    }
  }
}
