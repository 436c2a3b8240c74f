import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

// The bridge's words in the events of media.proto.

extension CallProgressed {
  init(_ call: StoredCall, state: Telephony.CallState, at: Instant) {
    self.init(
      callId: call.call.description, campaignId: call.campaign.description, leadId: call.lead.description,
      attemptNumber: Int32(clamping: call.attemptNumber), state: state.wire, at: Timestamp(at))
  }
}

extension CallEnded {
  /// All but facts, transcript and what the engine has cost.
  init(_ call: StoredCall) {
    let record = call.record
    self.init()
    callId = call.call.description
    campaignId = call.campaign.description
    leadId = call.lead.description
    attemptNumber = Int32(clamping: call.attemptNumber)
    state = record.state.wire
    requestedAt = Timestamp(record.requestedAt)
    answeredAt = record.answeredAt.map(Timestamp.init)
    endedAt = record.endedAt.map(Timestamp.init)
    provider = call.provider
    providerCallId = record.providerCallID?.text ?? ""
    talkDuration = ProtobufDuration(record.talkDuration)
    to = call.to
    from = call.from
  }
}

extension OptOutHeard {
  init(_ call: StoredCall, at: Instant) {
    self.init(
      callId: call.call.description, campaignId: call.campaign.description, leadId: call.lead.description,
      number: call.to, at: Timestamp(at))
  }
}

extension MediaCall {
  init(_ call: StoredCall) {
    let record = call.record
    self.init(
      callId: call.call.description, state: record.state.wire,
      providerCallId: record.providerCallID?.text ?? "", requestedAt: Timestamp(record.requestedAt),
      answeredAt: record.answeredAt.map(Timestamp.init), endedAt: record.endedAt.map(Timestamp.init),
      failureReason: record.failure ?? "")
  }
}

extension TranscriptTurn {
  init(_ row: PostgresRow) throws {
    let speaker: Speaker = try row.word("speaker")
    self.init(
      speaker: speaker == .agent ? .agent : .person, text: try row.get("text"),
      startMilliseconds: try row.get("start_milliseconds"), endMilliseconds: try row.get("end_milliseconds"),
      interrupted: try row.get("interrupted"))
  }
}

extension CallFact {
  /// How a fact stands in its table.
  var columns: (kind: String, value: String, sipCode: Int?) {
    switch kind {
    case .providerEnded(let status, let sipCode): ("provider_ended", status.rawValue, sipCode)
    case .answeredBy(let verdict): ("answered_by", verdict.rawValue, nil)
    case .hungUpByUs(let reason): ("hung_up_by_us", reason.rawValue, nil)
    case .failure(let code): ("failure", code, nil)
    case .voicemailLeft: ("voicemail_left", "true", nil)
    }
  }
}

extension RingmasterMessages.CallFact {
  init(_ row: PostgresRow) throws {
    let (kind, value): (String, String) = (try row.get("kind"), try row.get("value"))
    self.init()
    at = Timestamp(try row.get("at", as: Instant.self))
    switch kind {
    case "provider_ended":
      let sipCode = try row.get("sip_code", as: Int?.self) ?? 0
      self.kind = .providerEnded(ProviderEnded(status: value, sipCode: Int32(clamping: sipCode)))
    case "answered_by": self.kind = .answeredBy(value)
    case "hung_up_by_us": self.kind = .hungUpByUs(value)
    case "failure": self.kind = .failure(value)
    case "voicemail_left": self.kind = .voicemailLeft(true)
    default: throw PostgresError(.invalidRow, "a fact is of a kind that is not known here")
    }
  }
}
