import Core

/// How one call is made.
public struct CallOptions: Sendable {
  /// How long the caller waits, all attempts together. Inside a handler, never longer than its own caller waits.
  public var deadline: Duration
  /// Nil inherits from the call that is being served, else empty.
  public var tenant: String?
  public var actor: String?
  /// Nil gives each call of an idempotent method a key of its own, the same for all its attempts.
  public var idempotencyKey: String?
  /// Further attempts when the result of an idempotent call is unknown because the connection was lost. Calls that
  /// provably never left go to another endpoint without counting.
  public var retries: Int

  public init(
    deadline: Duration = .seconds(5), tenant: String? = nil, actor: String? = nil, idempotencyKey: String? = nil,
    retries: Int = 3
  ) {
    self.deadline = deadline
    self.tenant = tenant
    self.actor = actor
    self.idempotencyKey = idempotencyKey
    self.retries = retries
  }
}
