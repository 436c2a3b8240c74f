import Core
import HTTP
import JSON

/// Twilio's REST API for numbers: what is for sale, and what the account has.
struct TwilioNumbersAPI: Sendable {
  private static let root = "/2010-04-01/Accounts/{account}"
  private static let bodyLimit = 64 * 1024

  let api: TwilioAPI
  let inventory: NumberInventory
  let clock: any BusinessClock

  private var account: String { api.switchboard.network.account.sid }

  func register(on router: inout Router) {
    router.on(.get, "\(Self.root)/AvailablePhoneNumbers/{country}/{kind}") { request in
      await api.answer(request) { (_) throws(TwilioError) in try available(request) }
    }
    router.on(.post, "\(Self.root)/IncomingPhoneNumbers.json", bodyBytes: Self.bodyLimit) { request in
      await api.answer(request) { (form) throws(TwilioError) in
        .json(resource(try buy(FormFields(form))), status: .created)
      }
    }
    router.on(.get, "\(Self.root)/IncomingPhoneNumbers.json") { request in
      await api.answer(request) { (_) throws(TwilioError) in list(request) }
    }
    router.on(.get, "\(Self.root)/IncomingPhoneNumbers/{number}") { request in
      await api.answer(request) { (_) throws(TwilioError) in try change(request) { _ in } }
    }
    router.on(.post, "\(Self.root)/IncomingPhoneNumbers/{number}", bodyBytes: Self.bodyLimit) { request in
      await api.answer(request) { (form) throws(TwilioError) in
        let fields = FormFields(form)
        return try change(request) { number in
          if let name = fields["FriendlyName"] { number.friendlyName = name }
          if let url = fields["VoiceUrl"] { number.voiceURL = url }
          if let method = fields["VoiceMethod"] { number.voiceMethod = method }
          number.updatedAt = clock.now()
        }
      }
    }
    router.on(.delete, "\(Self.root)/IncomingPhoneNumbers/{number}") { request in
      await api.answer(request) { (_) throws(TwilioError) in
        guard inventory.release(try sid(request)) else { throw .notFound(request.path) }
        return .empty(.noContent)
      }
    }
  }

  private func available(_ request: HTTPRequest) throws(TwilioError) -> HTTPResponse {
    let country = request.parameter("country")
    let name = request.parameter("kind")
    guard name.hasSuffix(".json"), let kind = NumberKind(rawValue: String(name.dropLast(5))) else {
      throw .notFound(request.path)
    }
    let query = FormFields(Array(request.query))
    let limit = min(query["PageSize"].flatMap { Int($0) } ?? 30, 30)
    guard
      let numbers = inventory.available(
        country: country, kind: kind, pattern: query["Contains"] ?? "", limit: max(0, limit))
    else { throw .notFound(request.path) }
    let rows = numbers.map { number -> JSONValue in
      [
        "phone_number": .string(number), "friendly_name": .string(number), "iso_country": .string(country),
        "lata": nil, "locality": nil, "rate_center": nil, "latitude": nil, "longitude": nil, "region": nil,
        "postal_code": nil, "beta": false,
        "address_requirements": NumberInventory.needsBundle(country: country, kind: kind) ? "any" : "none",
        "capabilities": ["voice": true, "SMS": .bool(kind == .mobile), "MMS": false, "fax": false],
      ]
    }
    return .json([
      "available_phone_numbers": .array(rows),
      "uri": .string("/2010-04-01/Accounts/\(account)/AvailablePhoneNumbers/\(country)/\(name)"),
    ])
  }

  private func buy(_ form: FormFields) throws(TwilioError) -> BoughtNumber {
    guard let number = form["PhoneNumber"], CreateCall.isE164(number), let origin = inventory.origin(of: number) else {
      throw .invalid(21421, "PhoneNumber", form["PhoneNumber"] ?? "")
    }
    let bundle = form["BundleSid"]
    if let bundle, !(bundle.hasPrefix("BU") && bundle.count == 34) { throw .invalid(21649, "BundleSid", bundle) }
    if bundle == nil, NumberInventory.needsBundle(country: origin.country, kind: origin.kind) {
      throw TwilioError(code: 21649, status: 400, message: "Bundle required for this phone number")
    }
    let now = clock.now()
    return try inventory.sell(
      BoughtNumber(
        sid: "", number: number, country: origin.country, kind: origin.kind,
        friendlyName: form["FriendlyName"] ?? number, voiceURL: form["VoiceUrl"] ?? "",
        voiceMethod: form["VoiceMethod"] ?? "POST", bundle: bundle, address: form["AddressSid"], boughtAt: now,
        updatedAt: now))
  }

  private func list(_ request: HTTPRequest) -> HTTPResponse {
    let query = FormFields(Array(request.query))
    let found = inventory.all.filter { number in
      (query["FriendlyName"].map { $0 == number.friendlyName } ?? true)
        && (query["PhoneNumber"].map { $0 == number.number } ?? true)
    }
    let size = min(max(query["PageSize"].flatMap { Int($0) } ?? 50, 1), 1_000)
    let page = max(query["Page"].flatMap { Int($0) } ?? 0, 0)
    let shown = found.dropFirst(page * size).prefix(size).map(resource)
    let base = "/2010-04-01/Accounts/\(account)/IncomingPhoneNumbers.json"
    func uri(_ page: Int) -> JSONValue {
      let pairs = request.query.filter { !["Page", "PageSize", "PageToken"].contains($0.0) }
      return .string(base + "?" + FormEncoding.encode(pairs + [("PageSize", String(size)), ("Page", String(page))]))
    }
    return .json([
      "incoming_phone_numbers": .array(Array(shown)), "page": JSONValue(page), "page_size": JSONValue(size),
      "start": JSONValue(page * size), "end": JSONValue(page * size + max(0, shown.count - 1)), "uri": uri(page),
      "first_page_uri": uri(0), "next_page_uri": found.count > (page + 1) * size ? uri(page + 1) : nil,
      "previous_page_uri": page > 0 ? uri(page - 1) : nil,
    ])
  }

  private func change(
    _ request: HTTPRequest, _ change: (inout BoughtNumber) -> Void
  ) throws(TwilioError) -> HTTPResponse {
    guard let number = inventory.update(try sid(request), change) else { throw .notFound(request.path) }
    return .json(resource(number))
  }

  private func sid(_ request: HTTPRequest) throws(TwilioError) -> String {
    let name = request.parameter("number")
    guard name.hasSuffix(".json") else { throw .notFound(request.path) }
    return String(name.dropLast(5))
  }

  private func resource(_ number: BoughtNumber) -> JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return [
      "sid": .string(number.sid), "account_sid": .string(account), "friendly_name": .string(number.friendlyName),
      "phone_number": .string(number.number), "voice_url": .string(number.voiceURL),
      "voice_method": .string(number.voiceMethod), "voice_fallback_url": nil, "voice_fallback_method": "POST",
      "voice_caller_id_lookup": false, "voice_application_sid": nil, "voice_receive_mode": "voice",
      "date_created": .string(TwilioDate.text(number.boughtAt)),
      "date_updated": .string(TwilioDate.text(number.updatedAt)), "sms_url": "", "sms_method": "POST",
      "sms_fallback_url": "", "sms_fallback_method": "POST", "sms_application_sid": nil,
      "capabilities": ["voice": true, "sms": .bool(number.kind == .mobile), "mms": false, "fax": false],
      "status_callback": "", "status_callback_method": "POST", "api_version": "2010-04-01", "beta": false,
      "address_requirements": "none", "address_sid": text(number.address), "bundle_sid": text(number.bundle),
      "identity_sid": nil, "trunk_sid": nil, "origin": "twilio", "status": "in-use", "emergency_status": "Inactive",
      "emergency_address_sid": nil, "emergency_address_status": "unregistered",
      "uri": .string("/2010-04-01/Accounts/\(account)/IncomingPhoneNumbers/\(number.sid).json"),
    ]
  }
}
