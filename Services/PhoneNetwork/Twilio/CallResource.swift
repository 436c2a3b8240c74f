import Core
import JSON

extension CallRecord {
  /// The call as Twilio's REST API shows it.
  var resource: JSONValue {
    let path = "/2010-04-01/Accounts/\(accountSid)/Calls/\(sid)"
    let subresources = [
      "events", "notifications", "payments", "recordings", "siprec", "streams", "transcriptions",
      "user_defined_messages", "user_defined_message_subscriptions",
    ]
    func date(_ instant: Instant?) -> JSONValue { instant.map { .string(TwilioDate.text($0)) } ?? .null }
    return [
      "sid": .string(sid), "account_sid": .string(accountSid), "parent_call_sid": nil, "to": .string(request.to),
      "to_formatted": .string(request.to), "from": .string(request.from), "from_formatted": .string(request.from),
      "phone_number_sid": nil, "status": .string(status.rawValue), "direction": "outbound-api",
      "answered_by": answeredBy.map { .string($0.rawValue) } ?? .null, "api_version": "2010-04-01",
      "forwarded_from": nil, "group_sid": nil, "caller_name": nil, "queue_time": "0", "trunk_sid": nil,
      "annotation": nil, "date_created": date(createdAt), "date_updated": date(updatedAt),
      "start_time": date(answeredAt ?? ringingAt), "end_time": date(endedAt),
      "duration": status.isOver ? .string(String(seconds)) : .null,
      "price": price.map { .string($0) } ?? .null, "price_unit": "USD", "uri": .string("\(path).json"),
      "subresource_uris": .object(
        JSONObject(subresources.map { ($0, .string("\(path)/\(Self.pathName($0)).json")) })),
    ]
  }

  /// "user_defined_messages" as it stands in a path.
  private static func pathName(_ name: String) -> String {
    name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

/// Which calls a list asks for.
struct CallFilter: Hashable, Sendable {
  var to: String?
  var from: String?
  var status: CallRecord.Status?
  var startedFrom: Instant?
  /// Up to and including.
  var startedUntil: Instant?
  var page = 0
  var pageSize = 50

  private static let pageSizes = 1...1_000

  init(_ query: FormFields) throws(TwilioError) {
    to = query["To"].flatMap { $0.isEmpty ? nil : $0 }
    from = query["From"].flatMap { $0.isEmpty ? nil : $0 }
    if let text = query["Status"], !text.isEmpty {
      guard let status = CallRecord.Status(rawValue: text) else { throw .invalid(20001, "Status", text) }
      self.status = status
    }
    // The SDK writes "StartTime>=…" as a parameter of the name "StartTime>".
    startedFrom = try CallFilter.date(query, ["StartTime>", "StartTime>="])
    startedUntil = try CallFilter.date(query, ["StartTime<", "StartTime<="])
    if let text = query["StartTime"], let day = TwilioDate.filter(text) {
      startedFrom = day
      startedUntil = day + .days(1)
    }
    pageSize = try CreateCall.integer(query, "PageSize", in: CallFilter.pageSizes, default: 50, code: 20001)
    page = try CreateCall.integer(query, "Page", in: 0...1_000_000, default: 0, code: 20001)
  }

  /// A call that has not begun to ring counts by its creation, so that a caller who is unsure whether a request arrived
  /// finds it.
  func contains(_ record: CallRecord) -> Bool {
    let start = record.answeredAt ?? record.ringingAt ?? record.createdAt
    return (to.map { record.request.to == $0 } ?? true) && (from.map { record.request.from == $0 } ?? true)
      && (status.map { record.status == $0 } ?? true) && (startedFrom.map { start >= $0 } ?? true)
      && (startedUntil.map { start <= $0 } ?? true)
  }

  private static func date(_ query: FormFields, _ names: [String]) throws(TwilioError) -> Instant? {
    for name in names {
      guard let text = query[name], !text.isEmpty else { continue }
      guard let date = TwilioDate.filter(text) else { throw .invalid(20001, name, text) }
      return date
    }
    return nil
  }
}
