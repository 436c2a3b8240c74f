/// What can happen to a call that is under way.
enum CallSignal: Sendable {
  /// `Status=canceled`: ends it unless it was answered.
  case cancel
  /// `Status=completed`: ends it.
  case hangUp
  /// New instructions replace what it does.
  case redirect(CreateCall.Instructions)
  case media(MediaLeg.Event)
  /// The other end of the media stream has gone.
  case streamClosed
}
