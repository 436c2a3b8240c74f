import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Wire

/// What people are told.
extension CampaignStore {
  /// How long a reason without an end is taken to last, before people hear of it again.
  private static let blockMemory = Duration.hours(1)

  /// Writes a notification, and tells of it.
  func notify(
    _ kind: String, campaign: CampaignID?, severity: ErrorPolicy.Severity, forAdmins: Bool = false, text: String,
    tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let id = NotificationID.random()
    try await transaction.execute(
      query("InsertNotification"), tenant, id, campaign, kind, severity.rawValue, forAdmins, text, now)
    var notification = Notification()
    notification.notificationId = id.description
    notification.kind = kind
    notification.campaignId = campaign?.description ?? ""
    notification.text = text
    notification.severity = severity.wire
    notification.forAdmins = forAdmins
    notification.at = Timestamp(now)
    let key = campaign?.description ?? tenant.description
    try events.append(
      [NewEvent(key: key, message: notification)], in: transaction, at: now, tenant: tenant)
  }

  func notifications(
    tenant: TenantID, before: NotificationID, campaign: CampaignID?, limit: Int
  ) async throws -> [RingmasterMessages.Notification] {
    try await pool.query(query("NotificationsPage"), tenant, before, campaign, limit).map(Notification.init)
  }

  /// Does what the error policy says about a campaign that is kept from calling. People hear of it once: when it pauses, or
  /// when the reason is new.
  func blocked(
    _ id: CampaignID, by blocked: CampaignBlocked, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard let row = try await transaction.query(query("LockCampaign"), tenant, id).first else { return }
    let campaign = try Campaign(row)
    let policy = ErrorPolicy(reason: blocked.reason, detail: blocked.detail, passes: blocked.until != nil)
    let until = max(blocked.until?.instant ?? now + Self.blockMemory, now)
    let isNews =
      try await transaction.query(query("RememberBlock"), tenant, id, blocked.reason, now, until).first?
      .get("is_news", as: Bool.self) ?? true
    guard campaign.state == .active else { return }
    if policy.pauses {
      _ = try await move(
        campaign, id: id, .pause, tenant: tenant, actor: "system", reason: policy.text, now: now, in: transaction)
    }
    guard policy.pauses || isNews else { return }
    try await notify(
      blocked.reason, campaign: id, severity: policy.severity, forAdmins: policy.isForAdmins, text: policy.text,
      tenant: tenant, now: now, in: transaction)
  }
}

/// What the ids below name; never instantiated.
enum NotificationEntity {}
enum WebhookEntity {}
typealias NotificationID = Identifier<NotificationEntity>
typealias WebhookID = Identifier<WebhookEntity>

extension ErrorPolicy.Severity {
  var wire: NotificationSeverity {
    switch self {
    case .info: .info
    case .warning: .warning
    case .critical: .critical
    }
  }
}

extension RingmasterMessages.Notification {
  init(_ row: PostgresRow) throws {
    self.init()
    notificationId = try row.get("notification_id", as: NotificationID.self).description
    campaignId = try row.get("campaign_id", as: CampaignID?.self)?.description ?? ""
    kind = try row.get("kind")
    severity = ErrorPolicy.Severity(rawValue: try row.get("severity"))?.wire ?? .unspecified
    forAdmins = try row.get("for_admins")
    text = try row.get("text")
    at = Timestamp(try row.get("at", as: Instant.self))
  }
}
