internal import CNng

/// A failure reported by nng, or found by this module while it prepared a call into nng.
public struct NngError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong, open to new codes: nng's own numbers, of which the ones that callers act on have names.
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
      self.rawValue = rawValue
    }

    init(_ value: nng_errno_enum) {
      rawValue = Int32(value.rawValue)
    }

    /// This end closed the object, or the object was already closed.
    public static let closed = Code(NNG_ECLOSED)
    /// The operation was cancelled, usually because its task was.
    public static let cancelled = Code(NNG_ECANCELED)
    public static let timedOut = Code(NNG_ETIMEDOUT)
    /// Nobody listens there: try again later.
    public static let connectionRefused = Code(NNG_ECONNREFUSED)
    /// The other end went away, orderly (`connectionShut`) or not.
    public static let connectionReset = Code(NNG_ECONNRESET)
    public static let connectionShut = Code(NNG_ECONNSHUT)
    public static let connectionAborted = Code(NNG_ECONNABORTED)
    public static let unreachable = Code(NNG_EUNREACHABLE)
    public static let addressInUse = Code(NNG_EADDRINUSE)
    /// The URL cannot be parsed, or its host has no address.
    public static let addressInvalid = Code(NNG_EADDRINVAL)
    public static let permissionDenied = Code(NNG_EPERM)
    public static let noSuchFile = Code(NNG_ENOENT)
    public static let invalidArgument = Code(NNG_EINVAL)
    public static let messageTooLarge = Code(NNG_EMSGSIZE)
    public static let outOfMemory = Code(NNG_ENOMEM)
    public static let outOfFiles = Code(NNG_ENOFILES)
    public static let notSupported = Code(NNG_ENOTSUP)
    /// The peer's certificate was refused.
    public static let peerAuthentication = Code(NNG_EPEERAUTH)
    /// TLS itself failed: a bad key, a bad certificate, no common version.
    public static let cryptography = Code(NNG_ECRYPTO)
  }

  public var code: Code
  /// For operators: what was tried and nng's own words. Never payload bytes.
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// `operation` says what was tried, for example "listen on tcp://127.0.0.1:80".
  init(_ result: Int32, _ operation: String) {
    code = Code(rawValue: result)
    message = "\(operation): \(String(cString: nng_strerror(result)))"
  }

  public var description: String { message }
}

/// Throws when nng returned anything but zero. `operation` is evaluated only then.
func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(NngError) {
  if result != 0 {
    throw NngError(result, operation())
  }
}
