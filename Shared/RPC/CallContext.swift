import Tracing

/// What a handler knows about the call it serves. Calls made inside the handler inherit tenant, actor, trace and the
/// time that is left from `CallContext.current`.
public struct CallContext: Sendable {
  /// On whose behalf; empty when unknown.
  public var tenant: String
  /// By whom; empty when unknown.
  public var actor: String
  /// The same for every attempt of one call; empty when there is none.
  public var idempotencyKey: String
  /// When the caller stops waiting; the handler's task is cancelled then. Nil means never.
  public var deadline: ContinuousClock.Instant?
  public var trace: TraceContext?
  /// The other end of the connection, for people: "127.0.0.1:50312" or "ipc:pid=4711".
  public var peer: String
  /// Full name of the method: "ringmaster.v1.CampaignService/CreateCampaign".
  public var method: String
  /// 0 for the first attempt.
  public var attempt: Int

  public init(
    tenant: String = "", actor: String = "", idempotencyKey: String = "", deadline: ContinuousClock.Instant? = nil,
    trace: TraceContext? = nil, peer: String = "", method: String = "", attempt: Int = 0
  ) {
    self.tenant = tenant
    self.actor = actor
    self.idempotencyKey = idempotencyKey
    self.deadline = deadline
    self.trace = trace
    self.peer = peer
    self.method = method
    self.attempt = attempt
  }

  /// The call that this task serves; nil outside handlers.
  @TaskLocal public static var current: CallContext?
}
