/// How a call ended, with gRPC's names and numbers.
public enum RPCCode: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case ok = 0
  /// The caller no longer wanted it.
  case cancelled = 1
  /// Anything that no other code tells; details are in the server's log.
  case unknown = 2
  /// The request is wrong whatever the state of the system: do not repeat it.
  case invalidArgument = 3
  /// Time ran out. The call may have taken effect.
  case deadlineExceeded = 4
  case notFound = 5
  case alreadyExists = 6
  case permissionDenied = 7
  /// Too much at once, or too large: repeat later, or smaller.
  case resourceExhausted = 8
  /// The state of the system forbids it: do not repeat it until that has changed.
  case failedPrecondition = 9
  /// Lost against a concurrent change: repeat from the read.
  case aborted = 10
  case outOfRange = 11
  case unimplemented = 12
  /// A bug.
  case internalError = 13
  /// Nobody there, for now: repeat this call.
  case unavailable = 14
  case dataLoss = 15
  case unauthenticated = 16

  /// As gRPC writes it: "DEADLINE_EXCEEDED".
  public var description: String {
    switch self {
    case .ok: "OK"
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internalError: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }
}
