import Lifecycle
import Nng
import Postgres

/// Exit statuses, as `sysexits.h` names them.
enum ExitStatus {
  static let ok: Int32 = 0
  /// Data do not fit the program: migrations.
  static let dataError: Int32 = 65
  /// Something that is needed is not there: the database, a free port.
  static let unavailable: Int32 = 69
  /// An error of the program, or services that do not stop.
  static let software: Int32 = 70
  static let configuration: Int32 = 78

  /// What a failed start or run exits with.
  static func status(of error: any Error) -> Int32 {
    switch error {
    case let failure as ServiceFailure: return failure.cause.map(status) ?? software
    case let error as StartFailure: return error.status
    case let error as PostgresError: return status(of: error)
    case is NngError: return unavailable
    default: return software
    }
  }

  static func status(of error: PostgresError) -> Int32 {
    switch error.code {
    case .unavailable, .timedOut: return unavailable
    case .configuration, .denied: return configuration
    case .migration: return dataError
    default: return software
    }
  }
}

/// Why a service could not start, in words that say what to do.
struct StartFailure: Error, CustomStringConvertible {
  var status: Int32
  var description: String
}
