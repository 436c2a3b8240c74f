internal import CPostgres
import Core
import Dispatch
import Glibc

extension PostgresConnection {
  /// How long past the server's statement time-out a connection may stay silent.
  private static let answerGrace: Duration = .seconds(10)

  /// Opens a connection. Blocks a thread of `blockingQueue`, not the caller's.
  static func connect(_ configuration: PostgresConfiguration) async throws(PostgresError) -> PostgresConnection {
    let parameters = try ConnectionParameters(configuration)
    let answerTimeout = configuration.statementTimeout.map { $0 + answerGrace }
    let outcome: Result<PostgresConnection, PostgresError> = await withCheckedContinuation { continuation in
      blockingQueue.async {
        continuation.resume(
          returning: Result { () throws(PostgresError) in
            let handle = try open(parameters, timeout: configuration.connectTimeout)
            return try PostgresConnection(adopting: handle, answerTimeout: answerTimeout)
          })
      }
    }
    return try outcome.get()
  }

  private static func open(
    _ parameters: ConnectionParameters, timeout: Duration
  ) throws(PostgresError) -> sending OpaquePointer {
    let deadline = ContinuousClock.now + timeout
    guard let handle = parameters.withCArrays({ PQconnectStartParams($0, $1, 1) }) else {
      throw PostgresError(.unavailable, "libpq has no memory")
    }
    // The one way to learn the SQLSTATE of a refused login: it is part of the verbose message.
    PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    PQsetNoticeReceiver(handle, ignoreNotice, nil)
    var failure = PQstatus(handle) == CONNECTION_BAD ? connectError(handle) : nil
    var wanted = PGRES_POLLING_WRITING
    while failure == nil {
      let left = ContinuousClock.now.duration(to: deadline)
      var poll = pollfd(
        fd: PQsocket(handle), events: Int16(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0)
      let ready = Glibc.poll(&poll, 1, Int32(clamping: max(0, left.microseconds / 1000)))
      if ready == 0 || left <= .zero {
        failure = PostgresError(.unavailable, "no answer within \(timeout)")
        break
      }
      if ready < 0, errno != EINTR { failure = PostgresError(.unavailable, String(cString: strerror(errno))) }
      wanted = PQconnectPoll(handle)
      if wanted == PGRES_POLLING_OK {
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        return handle
      }
      if wanted == PGRES_POLLING_FAILED { failure = connectError(handle) }
    }
    PQfinish(handle)
    throw failure ?? PostgresError(.unavailable, "not connected")
  }

  private static func connectError(_ handle: OpaquePointer) -> PostgresError {
    let message = errorMessage(handle)
    // "… failed: FATAL:  28P01: password authentication failed for user …"; with several hosts the last counts.
    let sqlState = message.split(separator: " ").last { word in
      word.utf8.count == 6 && word.hasSuffix(":")
        && word.utf8.dropLast().allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
        && word.utf8.contains { (48...57).contains($0) }
    }
    guard let sqlState else { return PostgresError(.unavailable, message) }
    let code = PostgresError.Code(sqlState: String(sqlState.dropLast()))
    return PostgresError(code, message, sqlState: String(sqlState.dropLast()))
  }
}

/// Notices are for people at a prompt; libpq would print them on stderr.
private func ignoreNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {}
