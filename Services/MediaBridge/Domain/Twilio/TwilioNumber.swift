import JSON

/// Twilio's phone-number resources (protocol reference 1.9).
enum TwilioNumber {
  static func available(_ list: JSONValue) -> [String] {
    (list["available_phone_numbers"]?.arrayValue ?? []).compactMap { $0["phone_number"]?.stringValue }
  }

  static func owned(_ list: JSONValue) -> [OwnedNumber] {
    (list["incoming_phone_numbers"]?.arrayValue ?? []).compactMap(parse)
  }

  static func parse(_ resource: JSONValue) -> OwnedNumber? {
    guard let id = resource["sid"]?.stringValue, let number = resource["phone_number"]?.stringValue, !id.isEmpty,
      number.hasPrefix("+")
    else { return nil }
    return OwnedNumber(id: id, number: number)
  }

  /// The path below `AvailablePhoneNumbers/{country}` for a kind of number.
  static func path(_ kind: NumberWish.Kind) -> String {
    switch kind {
    case .mobile: "Mobile.json"
    case .local: "Local.json"
    case .tollFree: "TollFree.json"
    }
  }

  /// What a refused purchase means.
  static func refusal(_ error: TwilioError) -> PurchaseAnswer {
    switch error.code {
    case 21422: return .taken
    case 21404: return .refused(reason: "a trial account has one number only; upgrade the account")
    case 21615: return .refused(reason: "the number needs an address in its area; give an address")
    case 21631: return .refused(reason: "the number needs an address; give one")
    case 21649: return .refused(reason: "the number needs an approved regulatory bundle; give its id (BU…)")
    case 21650: return .refused(reason: "the number needs an identity document; add it to the regulatory bundle")
    default: break
    }
    switch error.action {
    case .unsure: return .unsure(reason: "the provider answered \(error.code)")
    case .later, .throttled: return .unsure(reason: "the provider takes no more requests now, code \(error.code)")
    case .giveUp, .alarm, .alreadyOver: return .refused(reason: "the provider refuses it, code \(error.code)")
    }
  }
}
