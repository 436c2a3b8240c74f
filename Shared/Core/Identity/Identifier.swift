/// The id of an `Entity`, so that the id of a lead cannot be passed where that of a call is wanted.
///
///     public enum Lead {}
///     public typealias LeadID = Identifier<Lead>
public struct Identifier<Entity>: Hashable, Comparable, Sendable, LosslessStringConvertible {
  public let value: UniqueID

  public init(_ value: UniqueID) {
    self.value = value
  }

  /// Reads the canonical form of a UUID; nil for anything else.
  public init?(_ text: String) {
    guard let value = UniqueID(text) else { return nil }
    self.value = value
  }

  /// A fresh id; see `UniqueID.random()`.
  public static func random() -> Identifier {
    Identifier(UniqueID.random())
  }

  public var description: String { value.description }

  public static func < (left: Identifier, right: Identifier) -> Bool {
    left.value < right.value
  }
}
