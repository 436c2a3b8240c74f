import CampaignTerms
import Core
import RPC
import RingmasterMessages
import Wire

/// A request to place a call, read into checked values.
struct PermitTerms: Sendable {
  let call: CallID
  let expiresAt: Instant
  private let campaign: CampaignID
  private let lead: LeadID
  private let grantedAt: Instant
  private let maxDuration: Duration
  private let request: PlaceCallRequest

  /// Longer than any campaign may ask for.
  private static let longest = Duration.hours(1)
  private static let defaultDuration = Duration.seconds(120)
  /// Bytes of a prompt.
  private static let textLimit = 64 * 1024
  /// Twilio takes instructions of 4,000 characters.
  private static let voicemailLimit = 3_000

  /// Throws: INVALID_ARGUMENT, with the field and what would be right.
  init(_ request: PlaceCallRequest) throws(RPCError) {
    guard let permit = request.permit else { throw RPCError(.invalidArgument, "permit is missing") }
    call = try RequestField.id(CallEntity.self, permit.callId, "permit.call_id")
    campaign = try RequestField.id(CampaignEntity.self, permit.campaignId, "permit.campaign_id")
    lead = try RequestField.id(LeadEntity.self, permit.leadId, "permit.lead_id")
    guard permit.attemptNumber > 0 else {
      throw RPCError(.invalidArgument, "permit.attempt_number: \(permit.attemptNumber) is not 1 or more")
    }
    try Self.checkNumber(permit.to, "permit.to")
    try Self.checkNumber(permit.from, "permit.from")
    guard let grantedAt = permit.grantedAt?.instant else {
      throw RPCError(.invalidArgument, "permit.granted_at is missing")
    }
    guard let expiresAt = permit.expiresAt?.instant else {
      throw RPCError(.invalidArgument, "permit.expires_at is missing")
    }
    (self.grantedAt, self.expiresAt) = (grantedAt, expiresAt)
    maxDuration = request.maxDuration?.duration ?? Self.defaultDuration
    guard maxDuration >= .seconds(1), maxDuration <= Self.longest else {
      throw RPCError(.invalidArgument, "max_duration: \(maxDuration.inSeconds) s is outside 1 s to 1 h")
    }
    self.request = request
  }

  /// What the agent is told. Only a permit that has run out needs none.
  func script() throws(RPCError) -> CallScript {
    guard let brief = request.brief else { throw RPCError(.invalidArgument, "brief is missing") }
    for (text, field) in [(brief.instructions, "brief.instructions"), (brief.greeting, "brief.greeting")] {
      guard !text.isEmpty else { throw RPCError(.invalidArgument, "\(field) is empty") }
      guard text.utf8.count <= Self.textLimit else {
        throw RPCError(.invalidArgument, "\(field) is longer than \(Self.textLimit) bytes")
      }
    }
    guard brief.voicemailScript.count <= Self.voicemailLimit else {
      throw RPCError(.invalidArgument, "brief.voicemail_script is longer than \(Self.voicemailLimit) characters")
    }
    return CallScript(
      instructions: brief.instructions, greeting: brief.greeting, voicemail: brief.voicemailScript, voice: request.voice
    )
  }

  func order(tenant: TenantID, script: CallScript?) -> CallOrder {
    let permit = request.permit ?? DialPermit()
    let script = script ?? CallScript(instructions: "", greeting: "", voicemail: "", voice: "")
    return CallOrder(
      tenant: tenant, call: call, campaign: campaign, lead: lead, attemptNumber: Int(permit.attemptNumber),
      to: permit.to, from: permit.from, grantedAt: grantedAt, expiresAt: expiresAt,
      policyVersion: Int(permit.policyVersion), evidence: permit.evidence,
      provider: request.provider.isEmpty ? "twilio" : request.provider, script: script, maxDuration: maxDuration,
      leaveVoicemail: request.leaveVoicemail && !script.voicemail.isEmpty)
  }

  /// E.164: a plus and 7 to 15 digits.
  private static func checkNumber(_ text: String, _ field: String) throws(RPCError) {
    let digits = text.utf8.dropFirst()
    guard text.utf8.first == UInt8(ascii: "+"), (7...15).contains(digits.count),
      digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), digits.first != 0x30
    else { throw RPCError(.invalidArgument, "\(field) is no number in E.164, which looks like +14155550100") }
  }
}
