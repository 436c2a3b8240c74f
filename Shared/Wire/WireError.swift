/// Why bytes are not the message they should be.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
  /// For people, with the message's or field's full name. Holds none of the data.
  public var message: String

  public init(message: String) {
    self.message = message
  }

  public var description: String { message }
}
