import Core
import JSON

/// Reads what Twilio's REST interface answers about calls (protocol reference 1.2).
enum TwilioCallResource {
  /// Nil when the value is not a call.
  static func parse(_ value: JSONValue) -> ListedCall? {
    guard let sid = value["sid"]?.stringValue, TwilioSID.isValid(sid, prefix: "CA"),
      let status = value["status"]?.stringValue.flatMap(ProviderStatus.init(rawValue:))
    else { return nil }
    func time(_ name: String) -> Instant? { value[name]?.stringValue.flatMap(TwilioTime.parse) }
    // Twilio writes the seconds as a string.
    let seconds = value["duration"].flatMap { $0.intValue ?? $0.stringValue.flatMap { Int($0) } }
    return ListedCall(
      report: ProviderReport(
        id: ProviderCallID(sid), status: status, at: status.isTerminal ? time("end_time") : nil,
        duration: seconds.flatMap { (0...1_000_000).contains($0) ? .seconds($0) : nil },
        answeredBy: value["answered_by"]?.stringValue.flatMap(AnsweredBy.init(rawValue:))),
      to: value["to"]?.stringValue ?? "", from: value["from"]?.stringValue ?? "",
      createdAt: time("date_created") ?? time("start_time"))
  }

  /// The calls of one page of a list; what is no call is left out.
  static func parseList(_ value: JSONValue) -> [ListedCall] {
    (value["calls"]?.arrayValue ?? []).compactMap(parse)
  }
}
