/// The parameters of `POST /Accounts/{AC}/Calls.json` that this network acts on, checked.
struct CreateCall: Hashable, Sendable {
  /// Where the instructions for an answered call come from.
  enum Instructions: Hashable, Sendable {
    case url(WebhookTarget)
    case twiml(String)
  }

  var to: String
  var from: String
  var instructions: Instructions
  var statusCallback: WebhookTarget?
  var statusEvents: Set<StatusEvent>
  /// How long it rings.
  var timeout: Duration
  var timeLimit: Duration
  var detection: MachineDetection?

  /// Longest `Twiml` parameter, in characters (error 32018 at Twilio).
  static let twimlLimit = 4_000
  /// Seconds.
  static let timeLimits = 1...86_400

  init(_ form: [(String, String)]) throws(TwilioError) {
    let form = FormFields(form)
    guard let to = form["To"], !to.isEmpty else { throw .callMissing }
    guard let from = form["From"], !from.isEmpty else { throw .fromMissing }
    guard CreateCall.isE164(to) else { throw .invalidTo(to) }
    guard CreateCall.isE164(from) else { throw .invalidFrom(from) }
    self.to = to
    self.from = from
    instructions = try CreateCall.instructions(form)
    statusCallback = try CreateCall.target(form, "StatusCallback", "StatusCallbackMethod", code: 21609)
    statusEvents = try CreateCall.events(form)
    timeout = .seconds(try CreateCall.integer(form, "Timeout", in: 1...600, default: 60, code: 21208))
    timeLimit = .seconds(
      try CreateCall.integer(form, "TimeLimit", in: CreateCall.timeLimits, default: 14_400, code: 21208))
    detection = try MachineDetection(form)
  }

  /// "+" and 8 to 15 digits, the first of them not 0.
  static func isE164(_ number: String) -> Bool {
    let digits = number.utf8.dropFirst()
    return number.hasPrefix("+") && (8...15).contains(digits.count) && digits.first != UInt8(ascii: "0")
      && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  static func instructions(_ form: FormFields) throws(TwilioError) -> Instructions {
    if let url = try target(form, "Url", "Method", code: 21205) { return .url(url) }
    guard let twiml = form["Twiml"], !twiml.isEmpty else { throw .instructionsMissing }
    guard twiml.count <= twimlLimit else { throw .invalid(32018, "Twiml", "longer than 4000 characters") }
    return .twiml(twiml)
  }

  static func target(
    _ form: FormFields, _ urlField: String, _ methodField: String, code: Int
  ) throws(TwilioError) -> WebhookTarget? {
    guard let url = form[urlField], !url.isEmpty else { return nil }
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else { throw .invalid(code, urlField, url) }
    let method = form[methodField] ?? "POST"
    guard ["GET", "POST"].contains(method) else { throw .invalid(21209, methodField, method) }
    return WebhookTarget(url: url, isPost: method == "POST")
  }

  private static func events(_ form: FormFields) throws(TwilioError) -> Set<StatusEvent> {
    let names = form.all("StatusCallbackEvent")
    var events: Set<StatusEvent> = []
    for name in names {
      guard let event = StatusEvent(rawValue: name) else { throw .invalid(21626, "StatusCallbackEvent", name) }
      events.insert(event)
    }
    return events.isEmpty ? [.completed] : events
  }

  static func integer(
    _ form: FormFields, _ name: String, in range: ClosedRange<Int>, default standard: Int, code: Int
  ) throws(TwilioError) -> Int {
    guard let text = form[name], !text.isEmpty else { return standard }
    guard let value = Int(text), range.contains(value) else { throw .invalid(code, name, text) }
    return value
  }
}

/// Where a webhook goes.
struct WebhookTarget: Hashable, Sendable {
  var url: String
  var isPost: Bool
}

/// What `StatusCallbackEvent` can ask for. `completed` stands for every end.
enum StatusEvent: String, Hashable, Sendable, CaseIterable {
  case initiated
  case ringing
  case answered
  case completed
}

/// A form's fields by name; names may repeat.
struct FormFields: Hashable, Sendable {
  private var values: [String: [String]] = [:]

  init(_ pairs: [(String, String)]) {
    for (name, value) in pairs { values[name, default: []].append(value) }
  }

  /// The last value of a name.
  subscript(_ name: String) -> String? { values[name]?.last }

  func all(_ name: String) -> [String] { values[name] ?? [] }
}
