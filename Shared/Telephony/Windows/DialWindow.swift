public import Core

/// The hours in which a lead may be called: a campaign's windows within the law of every place where the lead can be,
/// in every time zone where the lead can be.
///
/// Making one works out all that does not depend on the time: make it once for a campaign and a place, as `DialWindows`
/// does, and ask it for every lead there.
public struct DialWindow: Hashable, Sendable {
  public let windows: CallWindows
  public let envelope: LegalEnvelope
  /// Times of day to stay away from, for a retry.
  let avoided: [MinuteRange]
  private let hours: DatedHours

  /// Whether a call may be made at an instant.
  public enum Verdict: Hashable, Sendable {
    /// It may, until just before the instant given, if nothing else forbids it.
    case open(until: Instant)
    /// It may not. `opensAt` is the first instant at which it may; nil when there is none within 400 days.
    case closed(ClosedReason, opensAt: Instant?)
  }

  public init(windows: CallWindows, envelope: LegalEnvelope) {
    self.init(
      windows: windows, envelope: envelope, avoided: [], hours: windows.hours.intersection(envelope.hours))
  }

  /// The hours for leads of one place; ask it with that place's zones.
  public init(windows: CallWindows, place: CallingPlace) {
    self.init(windows: windows, envelope: place.envelope)
  }

  private init(windows: CallWindows, envelope: LegalEnvelope, avoided: [MinuteRange], hours: DatedHours) {
    self.windows = windows
    self.envelope = envelope
    self.avoided = avoided
    self.hours = hours
  }

  /// Says whether a lead may be called at `instant` who can be in any of `zones`.
  public func verdict(at instant: Instant, zones: [TimeZoneRules]) -> Verdict {
    guard !zones.isEmpty else { return .closed(.zoneUnknown, opensAt: nil) }
    let now = instant.wholeSeconds
    let next = firstOpening(endingAfter: now, zones: zones)
    if let next, next.contains(now) { return .open(until: Instant(wholeSeconds: next.upperBound)) }
    let reason: ClosedReason =
      areTooFarApart(zones, from: now, opening: next)
      ? .noCommonInstant(zones: zones.map(\.name)) : closedReason(at: now, zones: zones)
    return .closed(reason, opensAt: next.map { Instant(wholeSeconds: $0.lowerBound) })
  }

  /// The same for windows and a law that were not put together before.
  public static func verdict(
    at instant: Instant, windows: CallWindows, envelope: LegalEnvelope, zones: [TimeZoneRules]
  ) -> Verdict {
    DialWindow(windows: windows, envelope: envelope).verdict(at: instant, zones: zones)
  }

  /// The first instant at or after `instant` at which the lead may be called; nil when there is none within 400 days.
  public func nextOpening(after instant: Instant, zones: [TimeZoneRules]) -> Instant? {
    guard !zones.isEmpty, let next = firstOpening(endingAfter: instant.wholeSeconds, zones: zones) else { return nil }
    return max(instant, Instant(wholeSeconds: next.lowerBound))
  }

  /// This window without a time of day, for a retry at a different one; the same window when nothing would be left.
  public func avoiding(_ range: MinuteRange) -> DialWindow {
    let left = hours.subtracting(range)
    return left.isEmpty
      ? self : DialWindow(windows: windows, envelope: envelope, avoided: avoided + [range], hours: left)
  }

  /// Whether a date is a working day wherever the lead can be: Monday to Friday, and no public holiday that is known.
  func isBusinessDay(_ date: CivilDate) -> Bool {
    date.weekday <= 5 && envelope.holidays.allSatisfy { $0.holiday(on: date) == nil }
  }

  private func firstOpening(endingAfter seconds: Int64, zones: [TimeZoneRules]) -> Range<Int64>? {
    var intervals = OpenIntervals(hours: hours, zones: zones, from: seconds)
    return intervals.next()
  }

  /// Whether it is the zones' being apart, rather than the hours, that leaves no time for more than a week.
  private func areTooFarApart(_ zones: [TimeZoneRules], from seconds: Int64, opening: Range<Int64>?) -> Bool {
    let nextWeek = seconds + 7 * 86_400
    guard zones.count > 1, opening.map({ $0.lowerBound > nextWeek }) ?? true else { return false }
    return zones.allSatisfy { zone in
      firstOpening(endingAfter: seconds, zones: [zone]).map { $0.lowerBound <= nextWeek } ?? false
    }
  }
}
