import CampaignTerms
import Core
import JSON
import Postgres
import RingmasterMessages
import Telephony
import Wire

// Leads between the table, the domain and the wire.

extension Lead {
  init(_ row: PostgresRow) throws {
    self.init()
    leadId = try row.get("lead_id", as: LeadID.self).description
    campaignId = try row.get("campaign_id", as: CampaignID.self).description
    phone = try row.get("phone")
    region = try row.get("region")
    firstName = try row.get("first_name")
    lastName = try row.get("last_name")
    company = try row.get("company")
    email = try row.get("email")
    timeZone = try row.get("time_zone")
    for (name, value) in try row.get("attributes", as: JSONValue.self).objectValue ?? [:] {
      attributes[name] = value.stringValue
    }
    state = try row.get("state", as: String.self) == "done" ? .done : .open
    outcome =
      try row.get("outcome", as: String?.self).flatMap(Telephony.CallOutcome.init(rawValue:))?.wire ?? .unspecified
    attempts = Int32(try row.get("attempts", as: Int.self))
    lastCalledAt = try row.get("last_called_at", as: Instant?.self).map(Timestamp.init)
    nextAttemptAt = try row.get("next_attempt_at", as: Instant?.self).map(Timestamp.init)
    createdAt = Timestamp(try row.get("created_at", as: Instant.self))
    if let value = try row.get("score", as: Int16?.self) {
      score = Int32(value)
      scored = true
    }
    doneReason = try row.get("done_reason")
  }
}

extension JSONValue {
  init(attributes: [String: String]) {
    var object = JSONObject()
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
    self = .object(object)
  }
}

extension LeadIntake.Candidate {
  init(_ wire: NewLead) {
    self.init(
      line: wire.line, phone: wire.phone, firstName: wire.firstName, lastName: wire.lastName, company: wire.company,
      email: wire.email, timeZone: wire.timeZone, attributes: wire.attributes)
  }
}

extension LeadProblem {
  init(_ problem: LeadIntake.Problem) {
    self.init()
    line = problem.line
    kind = problem.kind == .invalid ? .invalid : .duplicate
    field = problem.field
    message = problem.message
  }
}
