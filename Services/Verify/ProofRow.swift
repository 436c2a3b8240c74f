import Core
import JSON
import Telephony

/// One line of a proof, read.
enum ProofRow {
  case header(ProofHeader)
  case campaign(CampaignVersion)
  case doNotCall(DoNotCallRow)
  case lead(LeadVersion)
  case permit(PermitRow)
  case trailer(ProofTrailer)

  /// - Throws: `RowFault` that names the member.
  init(_ json: JSONValue) throws(RowFault) {
    let reader = RowReader(json)
    switch try reader.text("kind") {
    case "header": self = .header(try ProofHeader(reader))
    case "campaign": self = .campaign(try CampaignVersion(reader))
    case "do_not_call": self = .doNotCall(try DoNotCallRow(reader))
    case "lead": self = .lead(try LeadVersion(reader))
    case "permit": self = .permit(try PermitRow(reader))
    case "trailer": self = .trailer(try ProofTrailer(reader))
    case let other: throw RowFault(message: "kind \"\(other)\" is not known")
    }
  }
}

/// What is wrong with a line as such.
struct RowFault: Error {
  var message: String
}

struct ProofHeader {
  static let format = "ringmaster-proof/1"
  var tenant: TenantID
  var campaign: CampaignID

  init(_ row: RowReader) throws(RowFault) {
    let format = try row.text("format")
    guard format == Self.format else { throw RowFault(message: "format \"\(format)\" is not \(Self.format)") }
    tenant = try row.id("tenant")
    campaign = try row.id("campaign")
  }
}

struct ProofTrailer {
  var rows: Int
  var campaigns: Int
  var doNotCall: Int
  var leads: Int
  var permits: Int

  init(_ row: RowReader) throws(RowFault) {
    rows = try row.number("rows")
    campaigns = try row.number("campaigns")
    doNotCall = try row.number("doNotCall")
    leads = try row.number("leads")
    permits = try row.number("permits")
  }
}

struct DoNotCallRow {
  var number: String
  /// Nil: a list of every campaign.
  var campaign: CampaignID?
  var added: Instant
  var removed: Instant?

  init(_ row: RowReader) throws(RowFault) {
    number = try row.text("number")
    campaign = try row.optionalID("campaign")
    added = try row.instant("added")
    removed = try row.optionalInstant("removed")
  }

  func isInForce(at instant: Instant) -> Bool { added <= instant && (removed.map { instant < $0 } ?? true) }
}

/// What a lead was until its data changed, or is.
struct LeadVersion {
  struct Number {
    var phone: String
    /// As given; empty when it was not.
    var zone: String
    var consent: Consent
  }

  var lead: LeadID
  var joined: Instant
  /// Nil: it is so still.
  var until: Instant?
  var numbers: [Number]
  /// As it was given, country and state; nil: it was not.
  var address: (country: String, state: String)?
  var notAfter: Instant?

  init(_ row: RowReader) throws(RowFault) {
    lead = try row.id("lead")
    joined = try row.instant("joined")
    until = try row.optionalInstant("until")
    notAfter = try row.optionalInstant("notAfter")
    var numbers: [Number] = []
    for number in try row.list("numbers") {
      let word = try number.text("consent")
      guard let consent = Consent(rawValue: word) else {
        throw RowFault(message: "numbers.consent \"\(word)\" is not known")
      }
      numbers.append(Number(phone: try number.text("phone"), zone: try number.text("zone"), consent: consent))
    }
    self.numbers = numbers
    address = try Self.address(row["address"].map(RowReader.init))
  }
}

extension LeadVersion {
  private static func address(_ row: RowReader?) throws(RowFault) -> (country: String, state: String)? {
    guard let row else { return nil }
    return (try row.text("country"), try row.text("subdivision"))
  }

  /// Every place and zone where the person may be who has this number; nil where something about it makes no sense, and
  /// then it must not be called.
  func place(of number: Number) -> CallingPlace? {
    guard let parsed = try? PhoneNumber.parse(number.phone, defaultRegion: nil) else { return nil }
    guard let address else { return CallingPlace(number: parsed, zone: number.zone) }
    guard let home = try? LeadAddress(country: address.country, state: address.state) else { return nil }
    return CallingPlace(number: parsed, zone: number.zone, address: home)
  }
}

struct PermitRow {
  var call: CallID
  var lead: LeadID
  var attempt: Int
  var to: String
  var from: String
  var granted: Instant
  var expires: Instant
  var version: Int
  var evidence: Int
  var state: String
  var placed: Instant?
  var ended: Instant?

  static let states: Set = ["permitted", "placed", "dial_unknown", "ended", "withdrawn"]

  init(_ row: RowReader) throws(RowFault) {
    call = try row.id("call")
    lead = try row.id("lead")
    attempt = try row.number("attempt")
    to = try row.text("to")
    from = try row.text("from")
    granted = try row.instant("granted")
    expires = try row.instant("expires")
    version = try row.number("version")
    evidence = try row.list("evidence").count
    state = try row.text("state")
    guard Self.states.contains(state) else { throw RowFault(message: "state \"\(state)\" is not known") }
    placed = try row.optionalInstant("placed")
    ended = try row.optionalInstant("ended")
  }
}

/// Reads the members of a line, and says which one is wrong.
struct RowReader {
  private let json: JSONValue

  init(_ json: JSONValue) { self.json = json }

  func text(_ name: String) throws(RowFault) -> String {
    guard let text = json[name]?.stringValue else { throw RowFault(message: "\(name) is missing or no text") }
    return text
  }

  func number(_ name: String) throws(RowFault) -> Int {
    guard let number = json[name]?.intValue else { throw RowFault(message: "\(name) is missing or no whole number") }
    return number
  }

  func instant(_ name: String) throws(RowFault) -> Instant {
    let text = try text(name)
    guard let instant = Instant(rfc3339: text) else { throw RowFault(message: "\(name) \"\(text)\" is no time") }
    return instant
  }

  func optionalInstant(_ name: String) throws(RowFault) -> Instant? {
    json[name] == nil ? nil : try instant(name)
  }

  func id<Entity>(_ name: String) throws(RowFault) -> Identifier<Entity> {
    let text = try text(name)
    guard let id = Identifier<Entity>(text) else { throw RowFault(message: "\(name) \"\(text)\" is no id") }
    return id
  }

  func optionalID<Entity>(_ name: String) throws(RowFault) -> Identifier<Entity>? {
    json[name] == nil ? nil : try id(name)
  }

  /// The members of a list; values that are no objects have no members.
  func list(_ name: String) throws(RowFault) -> [RowReader] {
    guard let list = json[name]?.arrayValue else { throw RowFault(message: "\(name) is missing or no list") }
    return list.map(RowReader.init)
  }

  subscript(name: String) -> JSONValue? { json[name] }
}
