import CampaignTerms
import Core
import JSON
import Postgres
import RPC
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
    consent = Consent(rawValue: try row.get("consent"))?.wire ?? .withdrawn
    numbers = (try row.get("numbers", as: JSONValue.self).arrayValue ?? []).map(LeadNumber.init(stored:))
    let country: String = try row.get("country")
    if !country.isEmpty {
      var place = RingmasterMessages.LeadAddress()
      place.country = country
      place.subdivision = try row.get("subdivision")
      address = place
    }
    notAfter = try row.get("not_after", as: Instant?.self).map(Timestamp.init)
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
    sequenceStep = Int32(try row.get("sequence_step", as: Int.self))
    stepDueAt = try row.get("step_due_at", as: Instant?.self).map(Timestamp.init)
  }

  /// A lead that joins now; what `InsertLeads` makes of it in the table.
  init(
    _ new: LeadIntake.Accepted, id: LeadID, campaign: CampaignID, joined: Instant, start: LeadSequence.Position?
  ) {
    self.init()
    let person = new.candidate
    leadId = id.description
    campaignId = campaign.description
    phone = new.e164
    region = new.region
    firstName = person.firstName
    lastName = person.lastName
    company = person.company
    email = person.email
    timeZone = person.timeZone
    attributes = person.attributes
    consent = person.consent.wire
    numbers = new.numbers.map(LeadNumber.init)
    if !person.country.isEmpty {
      var place = RingmasterMessages.LeadAddress()
      place.country = person.country
      place.subdivision = person.subdivision
      address = place
    }
    notAfter = person.notAfter.map(Timestamp.init)
    state = .open
    createdAt = Timestamp(joined)
    sequenceStep = Int32(start?.step ?? 0)
    stepDueAt = (start?.dueAt).map(Timestamp.init)
  }

  /// The lead as intake knows leads: what it may be merged with.
  var accepted: LeadIntake.Accepted {
    LeadIntake.Accepted(
      candidate: LeadIntake.Candidate(
        line: 0, phone: phone, firstName: firstName, lastName: lastName, company: company, email: email,
        timeZone: timeZone, attributes: attributes, consent: Consent(consent) ?? .withdrawn,
        country: address?.country ?? "", subdivision: address?.subdivision ?? "", notAfter: notAfter?.instant),
      e164: phone, region: region,
      numbers: numbers.map {
        LeadIntake.AcceptedNumber(
          e164: $0.phone, region: $0.region, timeZone: $0.timeZone, consent: Consent($0.consent) ?? .withdrawn)
      })
  }
}

extension LeadNumber {
  init(_ number: LeadIntake.AcceptedNumber) {
    self.init()
    phone = number.e164
    region = number.region
    timeZone = number.timeZone
    consent = number.consent.wire
  }

  /// From the lead's row. Consent that cannot be read is none.
  init(stored json: JSONValue) {
    self.init()
    phone = json["phone"]?.stringValue ?? ""
    region = json["region"]?.stringValue ?? ""
    timeZone = json["time_zone"]?.stringValue ?? ""
    consent = Consent(rawValue: json["consent"]?.stringValue ?? "")?.wire ?? .withdrawn
  }
}

extension Consent {
  var wire: ConsentLevel {
    switch self {
    case .unknown: .unspecified
    case .express: .express
    case .expressWritten: .expressWritten
    case .withdrawn: .withdrawn
    }
  }
}

extension JSONValue {
  init(attributes: [String: String]) {
    var object = JSONObject()
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
    self = .object(object)
  }

  init(numbers: [LeadIntake.AcceptedNumber]) {
    self = .array(
      numbers.map {
        [
          "phone": .string($0.e164), "region": .string($0.region), "time_zone": .string($0.timeZone),
          "consent": .string($0.consent.rawValue),
        ]
      })
  }
}

extension LeadIntake.Candidate {
  /// - Throws: the field whose word is not known.
  init(_ wire: NewLead) throws(LeadIntake.Problem) {
    func known(_ level: ConsentLevel, _ field: String) throws(LeadIntake.Problem) -> Consent {
      if let consent = Consent(level) { return consent }
      throw LeadIntake.Problem(
        line: wire.line, kind: .invalid, field: field,
        message: "is not known; known are express, express_written and withdrawn")
    }
    var numbers: [LeadIntake.Number] = []
    for (index, number) in wire.numbers.enumerated() {
      numbers.append(
        LeadIntake.Number(
          phone: number.phone, timeZone: number.timeZone,
          consent: try known(number.consent, "numbers[\(index)].consent")))
    }
    self.init(
      line: wire.line, phone: wire.phone, firstName: wire.firstName, lastName: wire.lastName, company: wire.company,
      email: wire.email, timeZone: wire.timeZone, attributes: wire.attributes,
      consent: try known(wire.consent, "consent"), numbers: numbers, country: wire.address?.country ?? "",
      subdivision: wire.address?.subdivision ?? "", notAfter: wire.notAfter?.instant)
  }
}

extension RPCError {
  /// A request's own lead that is refused.
  init(lead problem: LeadIntake.Problem) {
    self.init(.invalidArgument, "lead.\(problem.field): \(problem.message)")
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
