/// A service ended although nobody asked it to.
public struct ServiceFailure: Error, CustomStringConvertible {
  public var service: String
  /// Nil when it returned without an error.
  public var cause: (any Error)?

  public init(service: String, cause: (any Error)?) {
    self.service = service
    self.cause = cause
  }

  public var description: String {
    guard let cause else { return "\(service) ended unexpectedly" }
    return "\(service) failed: \(cause)"
  }
}
