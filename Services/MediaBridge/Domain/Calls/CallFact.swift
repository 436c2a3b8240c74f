import Core

/// Something that happened on a call. Facts are only ever added; outcomes are computed from them by others.
struct CallFact: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// The provider's last word: its own status, and the SIP code when it gave one.
    case providerEnded(status: ProviderStatus, sipCode: Int?)
    /// The provider's verdict on who answered.
    case answeredBy(AnsweredBy)
    /// The bridge ended the call.
    case hungUpByUs(EndReason)
    /// The call could not be placed, was lost sight of, or broke off on this side: `CallFailure`'s words or the provider's
    /// error code.
    case failure(String)
    /// The voicemail script was handed to the provider.
    case voicemailLeft
  }

  var kind: Kind
  var at: Instant
}

/// Why this side ended a call.
enum EndReason: String, Hashable, Sendable, CaseIterable {
  /// The agent said goodbye.
  case endCall = "end_call"
  /// The campaign's longest conversation is over.
  case maxDuration = "max_duration"
  /// Nobody spoke for too long.
  case silence
  /// A machine answered, and no message is left there.
  case voicemail
  /// A fax machine answered.
  case fax
  /// The voice engine could not be reached when the call was answered.
  case engineUnavailable = "engine_unavailable"
  /// The voice engine went away during the conversation.
  case engineLost = "engine_lost"
  /// Somebody asked for it by RPC.
  case requested
  /// It should have been over long ago.
  case overdue
}

/// Failures that this side finds; all others are the provider's error codes.
enum CallFailure {
  /// The provider was asked, did not answer, and does not know the call. It is never asked again.
  static let notPlaced = "not_placed"
  /// The provider never said how the call ended, and does not know it any more.
  static let noTerminalEvent = "no_terminal_event"
  /// The permit ran out before the provider could be asked.
  static let permitExpired = "permit_expired"
  /// Another call to its number was under way; this one was never placed.
  static let numberInUse = "number_in_use"
  /// The provider took no more calls from anybody; this one was never placed.
  static let throttled = "provider_throttled"
  /// It was answered, and its conversation broke off on this side or never began: the instance died, or the stream broke.
  static let brokenOff = "broken_off"
  /// The instance that was to ask the provider stood still for too long: the request was not sent.
  static let late = "late"
  /// The call was cancelled before the provider was asked.
  static let cancelled = "cancelled"
}

/// Who answered, in the provider's words (Twilio, protocol reference 1.4).
enum AnsweredBy: String, Hashable, Sendable, CaseIterable {
  case human
  case machineStart = "machine_start"
  case machineEndBeep = "machine_end_beep"
  case machineEndSilence = "machine_end_silence"
  case machineEndOther = "machine_end_other"
  case fax
  case unknown

  /// Whether an answering machine answered.
  var isMachine: Bool {
    switch self {
    case .machineStart, .machineEndBeep, .machineEndSilence, .machineEndOther: true
    case .human, .fax, .unknown: false
    }
  }
}
