import Core
import Telephony

/// How one call stands. Pure: reports come in, effects go out; the store keeps the record and carries the effects out in
/// one transaction.
///
/// Reports come from several sources, late, twice and in any order. What is not news changes nothing.
struct CallRecord: Hashable, Sendable {
  /// How far the provider has been asked for the call.
  enum Placement: String, Hashable, Sendable, CaseIterable {
    /// Not asked, or refused for now. `asking`, `ended` follow.
    case waiting
    /// A request is on its way, or its sender died. `placed`, `waiting`, `unsure`, `ended` follow.
    case asking
    /// The request's fate is not known. `placed`, `ended` follow; never `asking`, because that could place it twice.
    case unsure
    /// The provider has it. Nothing follows.
    case placed
    /// It never was placed and never will be. Nothing follows.
    case ended
  }

  /// Whether a conversation is held on the call.
  enum Session: String, Hashable, Sendable, CaseIterable {
    /// Not yet; `open` or nothing follows.
    case none
    /// Its owner still writes the transcript. `closed` follows, also when the owner died.
    case open
    /// The transcript is whole. Nothing follows.
    case closed
  }

  /// What the provider must still be told. Kept until it was, so that a crash in between loses nothing.
  enum Intent: String, Hashable, Sendable, CaseIterable {
    case hangUp = "hang_up"
    case leaveVoicemail = "leave_voicemail"
  }

  var state: CallState = .pending
  var placement: Placement = .waiting
  var session: Session = .none
  var intent: Intent?
  /// The first reason for which this side wanted the call to end.
  var endReason: EndReason?
  var providerCallID: ProviderCallID?
  let requestedAt: Instant
  var answeredAt: Instant?
  var endedAt: Instant?
  /// As the provider counts it.
  var talkDuration: Duration = .zero
  var answeredBy: AnsweredBy?
  /// Why it failed, when it was not the called party's doing.
  var failure: String?
  /// Set once everything about the call is known and told; then nothing changes any more.
  var isFinished = false
  /// It ended without the provider ever having had it, and the dialer takes it back.
  var isWithdrawn = false
  let leavesVoicemail: Bool

  init(requestedAt: Instant, leavesVoicemail: Bool) {
    self.requestedAt = requestedAt
    self.leavesVoicemail = leavesVoicemail
  }
}

/// News about a call.
enum CallReport: Hashable, Sendable {
  /// The provider is about to be asked.
  case asking
  /// What it answered.
  case answer(PlacementAnswer)
  /// It was looked up and, after the settling time, is not there.
  case notFound
  /// The permit ran out while the call waited.
  case permitExpired
  /// Another call to its number is under way, and the provider is not asked for this one.
  case numberInUse
  /// A callback, or the answer to a question about the call.
  case provider(ProviderReport)
  /// The provider fetched the call's instructions or opened its stream, which it does when the call is answered.
  case pickedUp(ProviderCallID)
  case machineVerdict(ProviderCallID, AnsweredBy)
  case sessionOpened
  case sessionClosed
  /// It ended though neither side had said so: its stream broke, or its instance died.
  case sessionBroken
  /// This side wants the call to end.
  case end(EndReason)
  /// The provider was told what `intent` says.
  case carriedOut(CallRecord.Intent)
  /// The call was over before the provider could be told.
  case tooLate(CallRecord.Intent)
  /// The provider does not know the call, though it had it.
  case lostTrack
}

/// What follows from a report.
enum CallEffect: Hashable, Sendable {
  case record(CallFact)
  /// Whoever reported that it is about to ask may do so now, and nobody else.
  case ask
  /// The call reached this state; it is not over yet.
  case progressed(CallState)
  /// The conversation may begin. Comes once: a second stream of a call gets nothing.
  case sessionBegan
  /// The provider must be told what the record's intent says.
  case carryOut(CallRecord.Intent)
  /// Everything is known: tell the world. Comes once in a call's life.
  case finished
  /// The provider has a call under this one's address that should not be: another than ours, or one that was given up.
  /// It must be hung up.
  case stray(ProviderCallID)
}
