/// What goes wrong with a log or its consumers, besides the database.
public struct EventLogError: Error, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value { case invalidArgument, behindRetention, partitionsChanged, invalidResponse }
    private let value: Value

    /// A share, a limit or a wait out of range.
    public static let invalidArgument = Code(value: .invalidArgument)
    /// Events after the place have been dropped: the consumer was away for longer than they are kept.
    public static let behindRetention = Code(value: .behindRetention)
    /// A consumer was begun with another number of shares, which would mix up its cursors.
    public static let partitionsChanged = Code(value: .partitionsChanged)
    /// A source answers what cannot be.
    public static let invalidResponse = Code(value: .invalidResponse)

    public var description: String { "\(value)" }
  }

  public var code: Code
  /// For operators.
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { "\(code): \(message)" }
}
