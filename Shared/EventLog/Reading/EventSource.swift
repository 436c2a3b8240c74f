/// Events in order, and where to go on.
public struct EventPage: Hashable, Sendable {
  public var events: [Event]
  /// Where to read from next; may lie beyond the last event.
  public var next: EventPlace
  /// True when more could be read at once.
  public var more: Bool

  public init(events: [Event], next: EventPlace, more: Bool) {
    self.events = events
    self.next = next
    self.more = more
  }
}

/// A log that can be read: one of this process's own database, or another service's feed.
public protocol EventSource: Sendable {
  /// The next events of some shares of the keys.
  ///
  /// - Parameters:
  ///   - shares: At least one, each below `partitions` and named once.
  ///   - partitions: Into how many shares the keys are divided.
  ///   - limit: Events at most, 1...10,000.
  ///   - wait: How long to wait for a first event, up to a minute.
  func read(
    _ shares: [Int], of partitions: Int, after: EventPlace, limit: Int, wait: Duration
  ) async throws -> EventPage
}
