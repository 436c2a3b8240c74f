import Core

/// One server-sent event (WHATWG HTML section 9.2.5).
public struct ServerSentEvent: Hashable, Sendable {
  /// The event's type; browsers take nil for `message`. No line breaks.
  public var event: String?
  /// Any text; line breaks are kept.
  public var data: String
  /// What a reconnecting browser sends as `Last-Event-ID`. No line breaks.
  public var id: String?
  /// How long a browser waits before it connects again.
  public var retry: Duration?

  public init(data: String, event: String? = nil, id: String? = nil, retry: Duration? = nil) {
    self.event = event
    self.data = data
    self.id = id
    self.retry = retry
  }

  /// The event as it travels. Line breaks in `event` and `id` would forge fields, so they become spaces.
  var wire: [UInt8] {
    var output: [UInt8] = []
    func field(_ name: StaticString, _ value: some Sequence<UInt8>) {
      name.withUTF8Buffer { output.append(contentsOf: $0) }
      output.append(contentsOf: value)
      output.append(10)
    }
    if let event {
      field("event: ", event.utf8.lazy.map { $0 == 10 || $0 == 13 || $0 == 0 ? 32 : $0 })
    }
    if let id {
      field("id: ", id.utf8.lazy.map { $0 == 10 || $0 == 13 || $0 == 0 ? 32 : $0 })
    }
    if let retry {
      let (seconds, attoseconds) = retry.components
      field("retry: ", String(seconds * 1000 + attoseconds / 1_000_000_000_000_000).utf8)
    }
    // CR, LF and CRLF each end a line.
    var line: [UInt8] = []
    var previous: UInt8 = 0
    for byte in data.utf8 {
      if byte == 10 && previous == 13 {
        // The second half of a CRLF.
      } else if byte == 10 || byte == 13 {
        field("data: ", line)
        line.removeAll(keepingCapacity: true)
      } else {
        line.append(byte)
      }
      previous = byte
    }
    field("data: ", line)
    output.append(10)
    return output
  }
}

/// Sends server-sent events on one response.
public struct EventWriter: Sendable {
  private let send: @Sendable ([UInt8]) async throws -> Void

  /// - Parameter send: Takes encoded events. Tests of handlers give their own.
  public init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) {
    self.send = send
  }

  /// Returns when the connection has taken the event. Throws when the client has gone.
  public func send(_ event: ServerSentEvent) async throws {
    try await send(event.wire)
  }

  public func send(data: String, event: String? = nil, id: String? = nil) async throws {
    try await send(ServerSentEvent(data: data, event: event, id: id))
  }
}
