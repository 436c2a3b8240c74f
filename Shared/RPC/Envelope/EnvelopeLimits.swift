/// Bounds of the envelope, fixed by `rpc.proto`.
enum EnvelopeLimits {
  /// Calls or results in one message.
  static let entries = 512
  /// Bytes of one message that holds more than one call or result.
  static let bytes = 256 << 10
  /// Messages of a server that a client has not acknowledged. Below the 64 replies that nng queues for a connection.
  static let window: UInt64 = 16
  /// A client acknowledges at the latest when this many messages wait for it.
  static let acknowledgeAfter: UInt64 = 8
  /// What a call or result may cost beside its strings and bytes: tags, lengths, numbers.
  static let entryOverhead = 96
  /// What a message may cost beside its calls and results.
  static let batchOverhead = 96
}
