import Core

/// Which failures are worth another try. Waits double from `firstDelay`, with jitter, and never undercut a
/// `Retry-After` that the server sent.
public struct RetryPolicy: Hashable, Sendable {
  /// Attempts in all, the first included.
  public var attempts: Int
  public var firstDelay: Duration
  public var longestDelay: Duration
  /// Also for methods that are not idempotent: true when the request carries an idempotency key that its server honours.
  public var includesUnsafeMethods: Bool

  public init(
    attempts: Int = 4, firstDelay: Duration = .milliseconds(200), longestDelay: Duration = .seconds(10),
    includesUnsafeMethods: Bool = false
  ) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.includesUnsafeMethods = includesUnsafeMethods
  }

  /// How long to wait before the next attempt, or nil when there shall be none.
  ///
  /// - Parameters:
  ///   - attempt: How many attempts there were, at least one.
  ///   - retryAfter: What the server asked for; longer than `longestDelay` means that now is not the time.
  func delay(
    after attempt: Int, retryAfter: Duration?, using generator: inout some RandomNumberGenerator
  ) -> Duration? {
    guard attempt < attempts, (retryAfter ?? .zero) <= longestDelay else { return nil }
    let backoff = Backoff(initial: firstDelay, maximum: longestDelay)
    return max(retryAfter ?? .zero, backoff.delay(attempt: attempt, using: &generator))
  }

  /// Whether doing the request twice is as good as once, as far as its sender can tell.
  func allowsRepeating(_ method: HTTPMethod) -> Bool {
    method.isIdempotent || includesUnsafeMethods
  }

  /// Answers that say that another attempt may fare better.
  static func isWorthRepeating(_ status: HTTPStatus) -> Bool {
    switch status.code {
    case 408, 425, 429, 502, 503, 504: true
    default: false
    }
  }

  /// What `Retry-After` asks for (RFC 9110 section 10.2.3): seconds, or a date.
  ///
  /// - Parameter now: Seconds since 1970.
  static func retryAfter(_ headers: HTTPHeaders, now: Int) -> Duration? {
    guard let value = headers["retry-after"] else { return nil }
    if let seconds = Int(value) {
      return .seconds(max(0, seconds))
    }
    return HTTPDate.parse(value).map { .seconds(max(0, $0 - now)) }
  }
}
