/// What a person agreed to, for calls by an artificial voice (47 USC 227(b) as read by FCC 24-17; Do Not Call Register
/// Act 2006).
public enum Consent: String, Hashable, Sendable, CaseIterable {
  /// Nothing is known.
  case unknown
  case express
  /// Signed, on paper or electronically: what marketing calls in the United States need.
  case expressWritten = "express_written"
  /// Taken back: never to be called, whatever is asked for.
  case withdrawn

  /// Whether a call may be made that needs `required`. Consent that was taken back never suffices.
  public func suffices(for required: Consent) -> Bool {
    switch (self, required) {
    case (.withdrawn, _): false
    case (_, .unknown), (.expressWritten, .express), (.expressWritten, .expressWritten), (.express, .express): true
    case (.unknown, _), (.express, .expressWritten), (_, .withdrawn): false
    }
  }
}
