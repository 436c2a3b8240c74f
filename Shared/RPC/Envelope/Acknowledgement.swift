/// A server's count of the messages that a client has not acknowledged. Pure.
struct ReplyWindow {
  private(set) var sent: UInt64 = 0
  private(set) var acknowledged: UInt64 = 0

  var isOpen: Bool { sent - acknowledged < EnvelopeLimits.window }
  var isSettled: Bool { sent == acknowledged }

  /// The number of the next message, which counts as sent.
  mutating func next() -> UInt64 {
    sent += 1
    return sent
  }

  /// False when the client acknowledges what was never sent: it is broken. Old news is fine: acknowledgements may be
  /// repeated.
  mutating func acknowledge(_ sequence: UInt64) -> Bool {
    guard sequence <= sent else { return false }
    acknowledged = max(acknowledged, sequence)
    return true
  }
}

/// A client's count of the messages that it has received and acknowledged on one connection. Pure.
struct ReplyReceipts {
  private(set) var received: UInt64 = 0
  private var acknowledged: UInt64 = 0
  /// The server asked for it.
  private var isAsked = false

  /// Whether an acknowledgement must go out even if there is nothing else to send.
  var isDue: Bool {
    received - acknowledged >= EnvelopeLimits.acknowledgeAfter || (isAsked && received > acknowledged)
  }

  /// False when a message is missing or comes twice: the connection must be closed.
  mutating func receive(_ sequence: UInt64) -> Bool {
    guard sequence == received + 1 else { return false }
    received = sequence
    return true
  }

  /// From now on every message is acknowledged at once.
  mutating func askForAll() {
    isAsked = true
  }

  /// What to put into the next message.
  mutating func take() -> UInt64 {
    acknowledged = received
    return received
  }
}
