import Core

/// What came of asking the provider for a call.
enum PlacementAnswer: Hashable, Sendable {
  /// It has the call.
  case accepted(ProviderCallID)
  /// It said no, and will say no again. `code` is its own.
  case refused(code: String)
  /// It said no for now, or was never reached: certainly no call was placed, and asking again is safe.
  case later(code: String)
  /// It takes no more calls from anybody for a while. No call was placed, and this one goes back to the dialer, which
  /// decides what is called when there is room again.
  case throttled(code: String, after: Duration)
  /// Nobody knows: the request may have arrived. It must be looked up, never sent again.
  case unsure(reason: String)
}

/// What came of telling the provider to change a call that it has.
enum ChangeAnswer: Hashable, Sendable {
  case done
  /// The call ended before it could be changed; as good as done.
  case alreadyOver
  /// Try again: telling it twice does no harm.
  case tryAgain(reason: String)
}
