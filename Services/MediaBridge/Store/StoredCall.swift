import Core
import Postgres
import Telephony

/// One running executable of this service.
enum InstanceEntity {}
typealias InstanceID = Identifier<InstanceEntity>

/// A call as it stands in the database.
struct StoredCall: Sendable {
  var tenant: TenantID
  var call: CallID
  var campaign: CampaignID
  var lead: LeadID
  var attemptNumber: Int
  var to: String
  var from: String
  var provider: String
  var expiresAt: Instant
  var maxDuration: Duration
  var record: CallRecord
  var owner: InstanceID?
  /// Business time at which the provider was asked for it last.
  var askedAt: Instant?
  /// How often the provider has said no for now.
  var tries: Int
  var deadlineAt: Instant

  init(_ row: PostgresRow) throws {
    tenant = try row.get("tenant_id")
    call = try row.get("call_id")
    campaign = try row.get("campaign_id")
    lead = try row.get("lead_id")
    attemptNumber = try row.get("attempt_number")
    to = try row.get("to_number")
    from = try row.get("from_number")
    provider = try row.get("provider")
    expiresAt = try row.get("expires_at")
    maxDuration = try row.get("max_duration")
    owner = try row.get("owner", as: InstanceID?.self)
    askedAt = try row.get("asked_at", as: Instant?.self)
    tries = try row.get("tries")
    deadlineAt = try row.get("deadline_at")
    record = try CallRecord(row)
  }
}

extension CallRecord {
  fileprivate init(_ row: PostgresRow) throws {
    self.init(requestedAt: try row.get("requested_at"), leavesVoicemail: try row.get("leave_voicemail"))
    state = try row.word("state")
    placement = try row.word("placement")
    session = try row.word("session")
    intent = try row.optionalWord("intent")
    endReason = try row.optionalWord("end_reason")
    providerCallID = try row.get("provider_call_id", as: String?.self).map(ProviderCallID.init)
    answeredAt = try row.get("answered_at", as: Instant?.self)
    endedAt = try row.get("ended_at", as: Instant?.self)
    talkDuration = try row.get("talk_duration")
    answeredBy = try row.optionalWord("answered_by")
    failure = try row.get("failure", as: String?.self)
    isWithdrawn = try row.get("withdrawn")
    isFinished = try row.get("finished_at", as: Instant?.self) != nil
  }
}

extension PostgresRow {
  /// A word of ours; one that this version does not know is a fault of the row.
  func word<Word: RawRepresentable<String>>(_ column: String, as type: Word.Type = Word.self) throws -> Word {
    let text: String = try get(column)
    guard let word = Word(rawValue: text) else {
      throw PostgresError(.invalidRow, "\(column) holds a word that is not known here")
    }
    return word
  }

  func optionalWord<Word: RawRepresentable<String>>(_ column: String, as type: Word.Type = Word.self) throws -> Word? {
    try get(column, as: String?.self) == nil ? nil : word(column)
  }
}
