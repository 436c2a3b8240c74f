import Core
import Synchronization

/// How one attempt of a call ended.
enum AttemptOutcome: Sendable {
  case response([UInt8])
  /// The server answered with an error.
  case refused(RPCError)
  /// No handler has begun, and none will: the call may go elsewhere, whatever it does.
  case notStarted(RPCError)
  /// The connection was lost and nobody here knows how far the call came.
  case lost(RPCError)
  /// The caller gave up.
  case cancelled
  case timedOut
}

/// One attempt of a call on one connection.
///
/// Whoever takes it out of the connection's table, under the connection's lock, resumes it afterwards, so it ends once.
final class ClientCall: @unchecked Sendable {
  enum Phase {
    case new
    /// In the queue of the connection: provably not sent.
    case waiting
    /// In the message that the connection is taking: perhaps sent.
    case sending
    case sent
    case over
  }

  let method: String
  let request: [UInt8]
  /// Monotonic nanoseconds; `MonotonicTime.never` for none.
  let deadline: UInt64
  let traceparent: String
  let tenant: String
  let actor: String
  let idempotencyKey: String
  let attempt: Int

  // Guarded by the lock of the connection that the call was given to.
  var id: UInt64 = 0
  var phase = Phase.new
  var continuation: CheckedContinuation<AttemptOutcome, Never>?

  init(
    method: String, request: [UInt8], deadline: UInt64, traceparent: String, tenant: String, actor: String,
    idempotencyKey: String, attempt: Int
  ) {
    self.method = method
    self.request = request
    self.deadline = deadline
    self.traceparent = traceparent
    self.tenant = tenant
    self.actor = actor
    self.idempotencyKey = idempotencyKey
    self.attempt = attempt
  }

  /// An upper bound of what it takes in a message.
  var estimatedSize: Int {
    EnvelopeLimits.entryOverhead + request.count + method.utf8.count + traceparent.utf8.count + tenant.utf8.count
      + actor.utf8.count + idempotencyKey.utf8.count
  }

  /// What the server is told: at least 1, because 0 means for ever.
  func timeoutMicroseconds(at now: UInt64) -> UInt64 {
    deadline == MonotonicTime.never ? 0 : max(1, (deadline > now ? deadline - now : 0) / 1000)
  }

  func emit(timeoutMicroseconds: UInt64, into sink: inout some EnvelopeSink) {
    sink.field(1, id)
    sink.field(2, method)
    sink.field(3, request)
    sink.field(4, timeoutMicroseconds)
    sink.field(5, traceparent)
    sink.field(6, tenant)
    sink.field(7, actor)
    sink.field(8, idempotencyKey)
    sink.field(9, UInt64(attempt))
  }
}
