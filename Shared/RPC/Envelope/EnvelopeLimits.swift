/// Bounds of the envelope, fixed by `rpc.proto`.
enum EnvelopeLimits {
  /// Calls or results in one message.
  static let entries = 512
  /// Bytes of one message that holds more than one call or result.
  static let bytes = 256 << 10
  /// Turns of one client that a server keeps.
  static let heldTurns = 16
  /// Messages that a client leaves unanswered.
  static let unanswered = 32
  /// Messages of one client that a server leaves unanswered, before it takes the client for broken.
  static let tolerated = 64
  /// What a call or result may cost beside its strings and bytes: tags, lengths, numbers.
  static let entryOverhead = 96
}
