/// Places calls on the telephone network and ends them. What it reports by itself comes in over HTTP and is read by the
/// provider's own routes.
protocol TelephonyProvider: Sendable {
  /// As campaigns name it.
  var name: String { get }

  /// Asks for a call. Never asks twice: an answer that did not come is `unsure`.
  func place(_ order: CallOrder) async -> PlacementAnswer

  /// Ends a call, also one that still rings.
  func hangUp(_ id: ProviderCallID) async -> ChangeAnswer

  /// Replaces whatever a call is doing by this message, after which it ends.
  func update(_ id: ProviderCallID, saying message: String) async -> ChangeAnswer

  /// How a call stands; nil when the provider does not know it.
  ///
  /// Throws: when the provider could not be asked. Ask again later.
  func lookUp(_ id: ProviderCallID) async throws -> ProviderReport?

  /// The latest calls to a number from another.
  ///
  /// Throws: when the provider could not be asked. Ask again later.
  func find(to: String, from: String) async throws -> [ListedCall]
}

/// Why a provider could not be asked.
struct ProviderError: Error, Sendable, CustomStringConvertible {
  /// For operators; no phone numbers.
  var message: String
  var description: String { message }
}
