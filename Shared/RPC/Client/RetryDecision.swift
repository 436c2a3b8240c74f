import Core

/// What follows an attempt. Pure.
enum RetryDecision: Equatable {
  case succeed([UInt8])
  case fail(RPCError)
  /// The caller gave up.
  case cancel
  /// Nothing has happened: try another endpoint, or the same again, after `pause`.
  case sendElsewhere(pause: Duration?)
  /// It may have happened: repeat it, which the method allows, after `pause`.
  case `repeat`(pause: Duration)

  /// - Parameters:
  ///   - attempts: Attempts that may have reached a handler, this one included unless it provably did not.
  ///   - detours: Attempts before this one that provably did not.
  static func after(
    _ outcome: AttemptOutcome, of method: MethodDescriptor, attempts: Int, detours: Int, retries: Int,
    endpoints: Int, backoff: Backoff, using generator: inout some RandomNumberGenerator
  ) -> RetryDecision {
    switch outcome {
    case .response(let response):
      return .succeed(response)
    case .cancelled:
      return .cancel
    case .timedOut:
      return .fail(RPCError(.deadlineExceeded, "no answer to \(method) within the deadline"))
    case .notStarted(let error):
      // A full server is not asked again: whoever called it decides. One that went away is.
      guard error.code == .unavailable else { return .fail(error) }
      // Once round the endpoints without a pause; then slower, until the deadline or the connect time-out ends it.
      return .sendElsewhere(
        pause: detours < endpoints ? nil : backoff.delay(attempt: detours - endpoints + 1, using: &generator))
    case .lost(let error):
      return repeating(error, method, attempts, retries, backoff, &generator)
    case .refused(let error):
      guard error.code == .unavailable else { return .fail(error) }
      return repeating(error, method, attempts, retries, backoff, &generator)
    }
  }

  private static func repeating(
    _ error: RPCError, _ method: MethodDescriptor, _ attempts: Int, _ retries: Int, _ backoff: Backoff,
    _ generator: inout some RandomNumberGenerator
  ) -> RetryDecision {
    guard method.isIdempotent, attempts <= retries else { return .fail(error) }
    let pause = backoff.delay(attempt: attempts, using: &generator)
    return .repeat(pause: max(pause, error.retryAfter ?? .zero))
  }
}
