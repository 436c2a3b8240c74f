import Core
import EventLog
import JSON
import RingmasterMessages
import Wire

/// What webhooks tell of.
enum WebhookKind: String, CaseIterable, Sendable {
  case notification
  /// A campaign's state or policy is another.
  case campaignChanged = "campaign.changed"
  /// A lead has its final outcome.
  case leadCompleted = "lead.completed"

  static var names: [String] { allCases.map(\.rawValue) }

  /// The events that `content` has something of.
  static let types = [Notification.fullName, CampaignChanged.fullName, LeadCompleted.fullName]

  /// The kind and content of an event that webhooks tell of; nil for the others.
  static func content(of event: Event) throws -> (kind: WebhookKind, data: JSONValue)? {
    switch event.type {
    case Notification.fullName: (.notification, try Notification.decode(event.payload).json)
    case CampaignChanged.fullName:
      (.campaignChanged, try CampaignChanged.decode(event.payload).campaign?.json ?? .null)
    case LeadCompleted.fullName: (.leadCompleted, try LeadCompleted.decode(event.payload).lead?.json ?? .null)
    default: nil
    }
  }
}
