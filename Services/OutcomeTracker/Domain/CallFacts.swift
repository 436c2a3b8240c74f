import Core

/// What is known of an ended call, as far as its outcome and its cost depend on it.
struct CallFacts: Hashable, Sendable {
  /// The provider's last word: completed, busy, no-answer, failed or canceled; nil when it never gave one.
  var providerStatus: String?
  /// SIP response of the far end, when the provider passed it on.
  var sipCode: Int?
  /// The provider's answering-machine verdict, for example machine_end_beep.
  var answeredBy: String?
  var wasAnswered: Bool
  /// Why the call could not be placed or was lost sight of, for example not_placed, no_terminal_event or "21211".
  var failure: String?
  /// The conversation broke off on our side, or never began.
  var brokeOff = false
  /// From the answer to the end.
  var talkTime: Duration
}
