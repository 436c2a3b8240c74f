import Core
import Postgres

/// What the senders of webhooks take and give back.
extension WebhookStore {
  /// An endpoint that is this instance's for a while.
  struct Claimed: Sendable {
    var tenant: TenantID
    var id: WebhookID
    var url: String
    var secret: [UInt8]
    var acknowledged: Int64
    var attempts: Int
    var failingSince: Instant?
  }

  /// A message to be sent.
  struct Message: Sendable {
    var sequence: Int64
    var id: UniqueID
    var kind: String
    var body: [UInt8]
  }

  /// - Parameter now: Real time, as of every instant here: a receiver lives in it, whatever time it is in campaigns.
  func claim(owner: UniqueID, lease: Duration, now: Instant) async throws -> Claimed? {
    guard let row = try await pool.query(query("ClaimEndpoint"), now, owner, lease).first else { return nil }
    return Claimed(
      tenant: try row.get("tenant_id"), id: try row.get("endpoint_id"), url: try row.get("url"),
      secret: try row.get("secret"), acknowledged: try row.get("acknowledged"), attempts: try row.get("attempts"),
      failingSince: try row.get("failing_since"))
  }

  func waiting(for endpoint: Claimed, limit: Int) async throws -> [Message] {
    try await pool.query(query("MessagesAfter"), endpoint.tenant, endpoint.id, endpoint.acknowledged, limit).map {
      Message(
        sequence: try $0.get("sequence"), id: try $0.get("message_id"), kind: try $0.get("kind"),
        body: try $0.get("body"))
    }
  }

  /// A message was acknowledged. Answers whether the endpoint is still this instance's and the next one may be sent.
  func acknowledged(
    _ sequence: Int64, of endpoint: Claimed, owner: UniqueID, lease: Duration
  ) async throws -> Bool {
    try await pool.execute(query("Acknowledge"), endpoint.tenant, endpoint.id, owner, sequence, lease) == 1
  }

  func failed(
    _ endpoint: Claimed, owner: UniqueID, error: String, verdict: WebhookSchedule.Verdict, now: Instant,
    businessNow: Instant
  ) async throws {
    try await pool.transaction(name: "WebhookFailed") { transaction in
      let (next, state) =
        switch verdict {
        case .again(let at): (at, "active")
        case .suspend: (now, "suspended")
        }
      let changed = try await transaction.execute(
        query("SaveFailure"), endpoint.tenant, endpoint.id, owner, error, next, now, state)
      guard changed == 1, verdict == .suspend else { return }
      try await campaigns.notify(
        "webhook_suspended", campaign: nil, severity: .critical, forAdmins: true,
        text: "the webhook \(endpoint.id) is suspended: its receiver did not take message "
          + "\(endpoint.acknowledged + 1) for three days (\(error)); mend it, then replay from that message",
        tenant: endpoint.tenant, now: businessNow, in: transaction)
    }
  }

  /// Gives an endpoint back that may be sent to again from `at` on.
  func release(_ endpoint: Claimed, owner: UniqueID, at: Instant) async throws {
    try await pool.execute(query("ReleaseEndpoint"), endpoint.tenant, endpoint.id, owner, at)
  }

  /// Drops messages that were acknowledged and made before an instant. Answers how many.
  func forget(before: Instant, limit: Int) async throws -> Int {
    try await pool.execute(query("ForgetMessages"), before, limit)
  }
}
