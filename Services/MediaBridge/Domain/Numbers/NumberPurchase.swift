/// Which numbers are wanted.
struct NumberWish: Hashable, Sendable {
  enum Kind: String, Hashable, Sendable, CaseIterable {
    case mobile
    case local
    case tollFree = "toll_free"
  }

  /// ISO 3166-1 alpha-2.
  var country: String
  var kind: Kind
  /// Digits after the country code that the number begins with; empty means any.
  var prefix: String
}

/// A number that the account has.
struct OwnedNumber: Hashable, Sendable {
  /// The provider's own id.
  var id: String
  /// E.164.
  var number: String
}

/// What a purchase needs beside the number.
struct NumberPurchase: Hashable, Sendable {
  /// Stands at the provider with the number, so that the purchase is found again.
  var name: String
  /// The provider's ids; empty when none is given.
  var bundle: String
  var address: String

  /// The name that a purchase has at the provider; Twilio takes 64 characters.
  static func name(key: String) -> String { "ringmaster \(key)" }
}

/// What came of a wish to buy.
enum PurchaseAnswer: Hashable, Sendable {
  case bought(OwnedNumber)
  /// Somebody else was faster: another number may do.
  case taken
  /// Nothing will be bought until somebody sees to it; for people.
  case refused(reason: String)
  /// Nobody knows: it must be looked for before anything is bought again.
  case unsure(reason: String)
}
