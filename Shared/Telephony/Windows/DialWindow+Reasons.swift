internal import Core

extension DialWindow {
  /// The rule that shuts the window.
  public enum ClosedReason: Hashable, Sendable, CustomStringConvertible {
    /// No zone is known where the lead can be.
    case zoneUnknown
    /// The lead can be in zones so far apart that no time of the next week suits all of them, though each
    /// of them by itself would open.
    case noCommonInstant(zones: [String])
    /// The law forbids calls at this local time in a zone where the lead can be.
    case legalHours(rule: String, zone: String, local: LocalDateTime)
    /// The law forbids calls on this public holiday of a place where the lead can be.
    case publicHoliday(name: String, place: String, zone: String, local: LocalDateTime)
    /// The law forbids calls on public holidays, and those of this date are not known.
    case holidayDataRanOut(place: String, zone: String, local: LocalDateTime)
    /// The campaign does not call on this date.
    case excludedDate(zone: String, local: LocalDateTime)
    /// The campaign does not call at this local time in a zone where the lead can be.
    case campaignWindows(zone: String, local: LocalDateTime)

    /// A stable name for programs and metrics.
    public var code: String {
      switch self {
      case .zoneUnknown: "zone_unknown"
      case .noCommonInstant: "no_common_instant"
      case .legalHours: "legal_hours"
      case .publicHoliday: "public_holiday"
      case .holidayDataRanOut: "holiday_data_ran_out"
      case .excludedDate: "excluded_date"
      case .campaignWindows: "campaign_windows"
      }
    }

    /// The rule and its inputs, for people.
    public var description: String {
      switch self {
      case .zoneUnknown: "the lead's time zone is not known"
      case .noCommonInstant(let zones):
        "no instant of the next 7 days suits all possible zones (\(zones.joined(separator: ", "))): "
          + "give the lead a zone or a state"
      case .legalHours(let rule, let zone, let local): "the law allows no call at \(local) in \(zone): \(rule)"
      case .publicHoliday(let name, let place, let zone, let local):
        "the law allows no call on \(name) (\(place)), which it is at \(local) in \(zone)"
      case .holidayDataRanOut(let place, let zone, let local):
        "the public holidays of \(place) are not known for \(local.date) (\(zone)): update public_holidays.txt"
      case .excludedDate(let zone, let local):
        "the campaign does not call on \(local.date), which it is at \(local) in \(zone)"
      case .campaignWindows(let zone, let local): "the campaign does not call at \(local) in \(zone)"
      }
    }
  }

  /// The law first, as it is the stronger rule; else it is the campaign.
  func closedReason(at seconds: Int64, zones: [TimeZoneRules]) -> ClosedReason {
    for zone in zones {
      for bound in envelope.bound where !bound.hours.isOpen(at: seconds, in: zone) {
        return Self.reason(bound, zone: zone, local: LocalDateTime(localSeconds: zone.localSeconds(at: seconds)))
      }
    }
    let shut = zones.first { !windows.hours.isOpen(at: seconds, in: $0) } ?? zones[0]
    let local = LocalDateTime(localSeconds: shut.localSeconds(at: seconds))
    return windows.excludes(local.date)
      ? .excludedDate(zone: shut.name, local: local) : .campaignWindows(zone: shut.name, local: local)
  }

  private static func reason(
    _ bound: LegalEnvelope.BoundRule, zone: TimeZoneRules, local: LocalDateTime
  ) -> ClosedReason {
    let rule = bound.rule
    if rule.shutsOnHolidays {
      if let gap = bound.placeWithoutHolidays(on: local.date) {
        return .holidayDataRanOut(place: gap, zone: zone.name, local: local)
      }
      for calendar in bound.calendars {
        guard let name = calendar.holiday(on: local.date) else { continue }
        return .publicHoliday(name: name, place: calendar.place, zone: zone.name, local: local)
      }
    }
    return .legalHours(rule: rule.citation, zone: zone.name, local: local)
  }
}

extension LegalEnvelope.BoundRule {
  /// A place whose holidays must be known for a date and are not.
  func placeWithoutHolidays(on date: CivilDate) -> String? {
    guard rule.shutsOnHolidays else { return nil }
    guard !calendars.isEmpty else { return rule.places.joined(separator: ", ") }
    return calendars.first { !$0.isComplete(on: date) }?.place
  }
}
