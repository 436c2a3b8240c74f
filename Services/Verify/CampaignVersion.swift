import Core
import JSON
import Telephony

/// A campaign's state and policy from an instant on: of the policy (the message CampaignPolicy in proto3's JSON mapping)
/// what decides whether a call is allowed, with its defaults.
struct CampaignVersion {
  var from: Instant
  var state: String
  var version: Int
  var windows: CallWindows
  /// Where the campaign's own day is counted.
  var zone: TimeZoneRules
  /// Nil: no limit.
  var callsPerDay: Int?
  var callsPerMinute: Int?
  var callsPerLead: Int
  var requiredConsent: Consent
  var leadExpiry: Duration?
  var startsAt: Instant?
  var endsAt: Instant?
  /// Empty: they come from a pool.
  var callerIDs: [String]

  private static let defaultCallsPerLead = 3

  init(_ row: RowReader) throws(RowFault) {
    from = try row.instant("from")
    state = try row.text("state")
    version = try row.number("version")
    guard let json = row["policy"], json.objectValue != nil else { throw RowFault(message: "policy is missing") }
    let policy = RowReader(json)
    windows = try Self.windows(policy)
    let zoneName = json["timeZone"]?.stringValue ?? "UTC"
    guard let zone = TimeZoneRules.named(zoneName.isEmpty ? "UTC" : zoneName) else {
      throw RowFault(message: "policy.timeZone \"\(zoneName)\" is not known here")
    }
    self.zone = zone
    callsPerDay = Self.limit(json["maxCallsPerDay"])
    callsPerMinute = Self.limit(json["maxCallsPerMinute"])
    callsPerLead = Self.limit(json["maxCallsPerLead"]) ?? Self.defaultCallsPerLead
    requiredConsent = try Self.consent(json["requiredConsent"]?.stringValue)
    leadExpiry = try Self.duration(json["leadExpiry"]?.stringValue)
    startsAt = try policy.optionalInstant("startsAt")
    endsAt = try policy.optionalInstant("endsAt")
    callerIDs = (json["callerIds"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  private static func windows(_ policy: RowReader) throws(RowFault) -> CallWindows {
    var windows: [CallWindow] = []
    for window in policy["callWindows"] == nil ? [] : try policy.list("callWindows") {
      windows.append(
        CallWindow(
          weekday: limit(window["weekday"]) ?? 0, startMinute: limit(window["startMinute"]) ?? 0,
          endMinute: limit(window["endMinute"]) ?? 0))
    }
    var excluded: [CivilDate] = []
    for date in policy["excludedDates"]?.arrayValue ?? [] {
      guard let date = date.stringValue.flatMap(CivilDate.init) else {
        throw RowFault(message: "policy.excludedDates holds something that is no day")
      }
      excluded.append(date)
    }
    do {
      return try CallWindows(windows.isEmpty ? CallWindows.standard.windows : windows, excludedDates: excluded)
    } catch {
      throw RowFault(message: "policy.callWindows: \(error)")
    }
  }

  /// Zero, which proto3's JSON leaves out, means that there is none.
  private static func limit(_ value: JSONValue?) -> Int? {
    guard let number = value?.intValue, number > 0 else { return nil }
    return number
  }

  private static func consent(_ word: String?) throws(RowFault) -> Consent {
    switch word {
    case nil, "CONSENT_LEVEL_UNSPECIFIED": return .unknown
    case "CONSENT_LEVEL_EXPRESS": return .express
    case "CONSENT_LEVEL_EXPRESS_WRITTEN": return .expressWritten
    case let word?: throw RowFault(message: "policy.requiredConsent \"\(word)\" is not known")
    }
  }

  private static func duration(_ text: String?) throws(RowFault) -> Duration? {
    guard let text else { return nil }
    guard text.last == "s", let seconds = Double(text.dropLast()) else {
      throw RowFault(message: "policy.leadExpiry \"\(text)\" is no duration")
    }
    return .microseconds(Int64((seconds * 1_000_000).rounded()))
  }
}
