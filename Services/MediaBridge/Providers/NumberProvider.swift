/// Buys telephone numbers and gives them back. Throws `ProviderError` when the provider could not be asked: ask again.
protocol NumberProvider: Sendable {
  /// As requests name it.
  var name: String { get }

  /// Numbers that could be bought now, at most `limit`.
  func search(_ wish: NumberWish, limit: Int) async throws -> [String]

  /// The account's numbers that were bought under a name.
  func owned(name: String) async throws -> [OwnedNumber]

  /// Buys one number. Never asks twice.
  func buy(_ number: String, _ purchase: NumberPurchase) async -> PurchaseAnswer

  /// Points its inbound calls at this bridge. Nil when the account does not have it.
  func configure(id: String) async throws -> OwnedNumber?

  /// Gives it back; done as well when the account does not have it any more.
  func release(id: String) async throws
}
