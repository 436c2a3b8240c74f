import Core

/// A call that the dialer has permitted: whom to call, until when, and what to say.
struct CallOrder: Hashable, Sendable {
  var tenant: TenantID
  var call: CallID
  var campaign: CampaignID
  var lead: LeadID
  /// From 1.
  var attemptNumber: Int
  /// E.164.
  var to: String
  /// E.164.
  var from: String
  var grantedAt: Instant
  /// A call that has not been asked of the provider by then never is.
  var expiresAt: Instant
  var policyVersion: Int
  /// What the dialer looked at before it gave the permit, one line each.
  var evidence: [String]
  /// Name of the telephony provider.
  var provider: String
  var script: CallScript
  /// Longest conversation, from the answer.
  var maxDuration: Duration
  var leaveVoicemail: Bool
}

/// What the voice engine is told.
struct CallScript: Hashable, Sendable {
  /// System prompt.
  var instructions: String
  /// First words.
  var greeting: String
  /// Spoken to an answering machine; empty when no message is left.
  var voicemail: String
  /// The engine's name of the voice; empty means its default.
  var voice: String
}

/// The provider's own id of a call (Twilio: `CA` and 32 hexadecimal digits).
struct ProviderCallID: Hashable, Sendable, CustomStringConvertible {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  var description: String { text }
}
