/// Why a call gave no response. Handlers throw it to choose the status; callers catch it.
public struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  public var code: RPCCode
  /// For people. Travels to the caller, so it holds nothing that the caller may not see.
  public var message: String
  /// When a later attempt may succeed, if the server can say.
  public var retryAfter: Duration?

  public init(_ code: RPCCode, _ message: String, retryAfter: Duration? = nil) {
    self.code = code
    self.message = message
    self.retryAfter = retryAfter
  }

  public init(code: RPCCode, message: String) {
    self.init(code, message)
  }

  public var description: String { "\(code): \(message)" }
}

/// An error that has a status of its own. Whatever else a handler throws reaches the caller as `unknown` with a fixed
/// text, and the log with its details.
public protocol RPCErrorConvertible: Error {
  var rpcError: RPCError { get }
}

extension RPCError: RPCErrorConvertible {
  public var rpcError: RPCError { self }
}
