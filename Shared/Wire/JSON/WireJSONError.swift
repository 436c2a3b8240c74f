/// Why JSON is not the message it should be, and where.
public struct WireJSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Of the field, for example `campaign.windows[2].startMinute`; empty for the message itself.
  public var path: String
  /// For people: what was expected and what was found.
  public var message: String

  public init(path: String = "", message: String) {
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }

  /// The same error, seen from the message or list that holds the place.
  package func inside(_ outer: String) -> WireJSONError {
    let separator = path.isEmpty || path.hasPrefix("[") ? "" : "."
    return WireJSONError(path: outer + separator + path, message: message)
  }
}
