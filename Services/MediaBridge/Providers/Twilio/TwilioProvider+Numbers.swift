import HTTP
import JSON

/// Twilio's number interface (protocol reference 1.9).
extension TwilioProvider: NumberProvider {
  func search(_ wish: NumberWish, limit: Int) async throws -> [String] {
    var query = [("VoiceEnabled", "true"), ("PageSize", String(limit))]
    if !wish.prefix.isEmpty { query.append(("Contains", "\(wish.prefix)*")) }
    let response = try await get(
      "AvailablePhoneNumbers/\(wish.country)/\(TwilioNumber.path(wish.kind))?\(FormEncoding.encode(query))")
    // A country that has no numbers of the kind is not there.
    if response.status == .notFound { return [] }
    return Array(TwilioNumber.available(try body(of: response)).prefix(limit))
  }

  func owned(name: String) async throws -> [OwnedNumber] {
    let query = FormEncoding.encode([("FriendlyName", name), ("PageSize", "20")])
    return TwilioNumber.owned(try body(of: await get("IncomingPhoneNumbers.json?\(query)")))
  }

  func buy(_ number: String, _ purchase: NumberPurchase) async -> PurchaseAnswer {
    do {
      var form = [("PhoneNumber", number), ("FriendlyName", purchase.name)] + inbound
      if !purchase.bundle.isEmpty { form.append(("BundleSid", purchase.bundle)) }
      if !purchase.address.isEmpty { form.append(("AddressSid", purchase.address)) }
      let response = try await post("IncomingPhoneNumbers.json", form)
      if response.status.isSuccess {
        guard let owned = (try? response.json()).flatMap(TwilioNumber.parse) else {
          return .unsure(reason: "the answer holds no number")
        }
        return .bought(owned)
      }
      return TwilioNumber.refusal(TwilioError(status: response.status.code, body: try? response.json()))
    } catch {
      return .unsure(reason: "\(error)")
    }
  }

  func configure(id: String) async throws -> OwnedNumber? {
    let response = try await post("IncomingPhoneNumbers/\(id).json", inbound)
    if response.status == .notFound { return nil }
    return TwilioNumber.parse(try body(of: response))
  }

  func release(id: String) async throws {
    let response = try await delete("IncomingPhoneNumbers/\(id).json")
    if response.status.isSuccess || response.status == .notFound { return }
    throw ProviderError(message: "the provider answered \(response.status.code)")
  }

  /// Where a number's inbound calls go.
  private var inbound: [(String, String)] { [("VoiceUrl", addresses.inboundURL), ("VoiceMethod", "POST")] }

  private func body(of response: HTTPClientResponse) throws -> JSONValue {
    guard response.status.isSuccess else {
      throw ProviderError(message: "the provider answered \(response.status.code)")
    }
    return try response.json()
  }
}
