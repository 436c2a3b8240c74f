/// The country, and where it matters the state, that a lead's address names.
public struct LeadAddress: Hashable, Sendable {
  /// ISO 3166-1 alpha-2, in capitals.
  public let country: String
  /// ISO 3166-2, such as "US-NY"; nil when it is not known, or the country's law does not differ by state.
  public let state: String?
  /// Every place that the address can mean; never empty.
  let places: [String]

  /// Reads a country and a state as people write them.
  ///
  /// - Parameters:
  ///   - country: ISO 3166-1 alpha-2, any case.
  ///   - state: Code or name, any case; empty when it is not known. Needed for the United States and Australia alone,
  ///     where a state that does not exist is refused; elsewhere it is not looked at.
  public init(country: String, state: String = "") throws(LeadAddressError) {
    let code = country.uppercased()
    let all = PlaceFacts.shared.places(inCountry: code)
    guard !all.isEmpty else {
      throw LeadAddressError(
        field: "country", message: "\"\(country.prefix(40))\" is no country: two letters are wanted, such as US")
    }
    self.country = code
    guard all.count > 1, !state.isEmpty else {
      self.state = all.count == 1 && all[0] != code ? all[0] : nil
      places = all
      return
    }
    guard let place = PlaceFacts.shared.place(state, inCountry: code) else {
      throw LeadAddressError(
        field: "state",
        message: "\"\(state.prefix(40))\" is no state of \(code): its code or name is wanted, such as \(all[0])")
    }
    self.state = place
    places = [place]
  }
}

/// Why a country or state cannot be understood. Whoever entered it can put it right.
public struct LeadAddressError: Error, Hashable, Sendable, CustomStringConvertible {
  /// "country" or "state".
  public let field: String
  public let message: String
  public var description: String { "\(field): \(message)" }
}
