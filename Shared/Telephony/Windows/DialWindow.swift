public import Core

/// The hours in which a lead may be called: a campaign's windows within the law of the lead's country, in every time
/// zone where the lead can be.
public struct DialWindow: Hashable, Sendable {
  public let windows: CallWindows
  public let envelope: LegalEnvelope
  private let hours: WeeklyHours

  /// Whether a call may be made at an instant.
  public enum Verdict: Hashable, Sendable {
    /// It may, until just before the instant given, if nothing else forbids it.
    case open(until: Instant)
    /// It may not. `opensAt` is the first instant at which it may; nil when there is none within 400 days.
    case closed(ClosedReason, opensAt: Instant?)
  }

  /// The rule that shuts the window.
  public enum ClosedReason: Hashable, Sendable, CustomStringConvertible {
    /// No zone is known where the lead can be.
    case zoneUnknown
    /// The law forbids calls at this local time in a zone where the lead can be.
    case legalHours(rule: String, zone: String, local: LocalDateTime)
    /// The campaign does not call at this local time in a zone where the lead can be.
    case campaignWindows(zone: String, local: LocalDateTime)

    /// A stable name for programs and metrics.
    public var code: String {
      switch self {
      case .zoneUnknown: "zone_unknown"
      case .legalHours: "legal_hours"
      case .campaignWindows: "campaign_windows"
      }
    }

    /// The rule and its inputs, for people.
    public var description: String {
      switch self {
      case .zoneUnknown: "the lead's time zone is not known"
      case .legalHours(let rule, let zone, let local): "the law allows no call at \(local) in \(zone): \(rule)"
      case .campaignWindows(let zone, let local): "the campaign does not call at \(local) in \(zone)"
      }
    }
  }

  public init(windows: CallWindows, envelope: LegalEnvelope) {
    self.init(windows: windows, envelope: envelope, hours: windows.hours.intersection(envelope.hours))
  }

  private init(windows: CallWindows, envelope: LegalEnvelope, hours: WeeklyHours) {
    self.windows = windows
    self.envelope = envelope
    self.hours = hours
  }

  /// Says whether a lead may be called at `instant` who can be in any of `zones`.
  public func verdict(at instant: Instant, zones: [TimeZoneRules]) -> Verdict {
    guard !zones.isEmpty else { return .closed(.zoneUnknown, opensAt: nil) }
    let now = instant.wholeSeconds
    var intervals = OpenIntervals(hours: hours, zones: zones, from: now)
    let next = intervals.next()
    if let next, next.contains(now) { return .open(until: Instant(wholeSeconds: next.upperBound)) }
    return .closed(
      closedReason(at: instant, zones: zones), opensAt: next.map { Instant(wholeSeconds: $0.lowerBound) })
  }

  /// The same for windows and a law that were not put together before.
  public static func verdict(
    at instant: Instant, windows: CallWindows, envelope: LegalEnvelope, zones: [TimeZoneRules]
  ) -> Verdict {
    DialWindow(windows: windows, envelope: envelope).verdict(at: instant, zones: zones)
  }

  /// The first instant at or after `instant` at which the lead may be called; nil when there is none within 400 days.
  public func nextOpening(after instant: Instant, zones: [TimeZoneRules]) -> Instant? {
    switch verdict(at: instant, zones: zones) {
    case .open: instant
    case .closed(_, let opensAt): opensAt
    }
  }

  /// This window without a time of day, for a retry at a different one; the same window when nothing would be left.
  public func avoiding(_ range: MinuteRange) -> DialWindow {
    let left = hours.subtracting(range)
    return left.isEmpty ? self : DialWindow(windows: windows, envelope: envelope, hours: left)
  }

  /// The law first, as it is the stronger rule; else it is the campaign's windows.
  private func closedReason(at instant: Instant, zones: [TimeZoneRules]) -> ClosedReason {
    for zone in zones where !isOpen(envelope.hours, at: instant, zone: zone) {
      return .legalHours(rule: envelope.rule, zone: zone.name, local: zone.local(at: instant))
    }
    let shut = zones.first { !isOpen(hours, at: instant, zone: $0) } ?? zones[0]
    return .campaignWindows(zone: shut.name, local: shut.local(at: instant))
  }

  private func isOpen(_ hours: WeeklyHours, at instant: Instant, zone: TimeZoneRules) -> Bool {
    var intervals = OpenIntervals(hours: hours, zones: [zone], from: instant.wholeSeconds)
    return intervals.next()?.contains(instant.wholeSeconds) ?? false
  }
}
