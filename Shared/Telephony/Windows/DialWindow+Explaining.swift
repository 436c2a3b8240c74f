public import Core

/// What one rule says about one instant in one zone.
public struct RuleFinding: Hashable, Sendable {
  /// Stable name of the rule: "us.fl", "us.fl.holidays", "campaign.windows", "campaign.excluded_dates",
  /// "campaign.other_time", or "place" when no zone is known.
  public let rule: String
  /// The rule for people, and where it is written.
  public let says: String
  public let source: String
  /// The IANA zone that it was looked at in, and what the clock shows there; nil for a place without a zone.
  public let zone: String?
  public let local: LocalDateTime?
  public let allows: Bool
  /// What was found, such as "Good Friday (AU)"; empty when the rule says it all.
  public let detail: String
}

/// Why a lead may or may not be called at an instant: every rule that was looked at, in every zone, and what follows.
public struct DialExplanation: Hashable, Sendable {
  public let verdict: DialWindow.Verdict
  public let findings: [RuleFinding]
  /// The first instant from then on at which every rule allows a call; nil when there is none within 400 days.
  public let opensAt: Instant?
}

extension DialWindow {
  /// The verdict with everything that led to it. For people and for evidence: it costs many times what `verdict` does.
  public func explain(at instant: Instant, zones: [TimeZoneRules]) -> DialExplanation {
    let verdict = verdict(at: instant, zones: zones)
    let opensAt =
      switch verdict {
      case .open: Optional(instant)
      case .closed(_, let opensAt): opensAt
      }
    guard !zones.isEmpty else {
      let unknown = RuleFinding(
        rule: "place", says: "a lead is called only where the local time is known", source: "Ringmaster", zone: nil,
        local: nil, allows: false, detail: "no zone is known")
      return DialExplanation(verdict: verdict, findings: [unknown], opensAt: nil)
    }
    let seconds = instant.wholeSeconds
    let findings = zones.flatMap { zone in
      envelope.bound.flatMap { lawFindings($0, at: seconds, in: zone) } + campaignFindings(at: seconds, in: zone)
    }
    return DialExplanation(verdict: verdict, findings: findings, opensAt: opensAt)
  }

  private func lawFindings(
    _ bound: LegalEnvelope.BoundRule, at seconds: Int64, in zone: TimeZoneRules
  ) -> [RuleFinding] {
    let rule = bound.rule
    let local = LocalDateTime(localSeconds: zone.localSeconds(at: seconds))
    let start = rule.validFrom
    let isInForce = start.map { local.date >= $0 } ?? true
    let hours = DatedHours(rule.hours, from: start?.daysSince1970)
    let ofHours = RuleFinding(
      rule: rule.id, says: rule.says, source: rule.source, zone: zone.name, local: local,
      allows: hours.isOpen(at: seconds, in: zone),
      detail: isInForce ? "" : "holds from \(start.map(\.description) ?? "")")
    guard rule.shutsOnHolidays else { return [ofHours] }
    let holidays = bound.calendars.compactMap { calendar in
      calendar.holiday(on: local.date).map { "\($0) (\(calendar.place))" }
    }
    let gap = bound.placeWithoutHolidays(on: local.date)
    let places = bound.calendars.map(\.place).joined(separator: ", ")
    let ofHolidays = RuleFinding(
      rule: "\(rule.id).holidays", says: "no call on a public holiday of \(places)",
      source: ([rule.source] + bound.calendars.map(\.source)).joined(separator: "; "), zone: zone.name, local: local,
      allows: gap == nil && holidays.isEmpty,
      detail: gap.map { "the holidays of \($0) are not known for \(local.date)" } ?? holidays.joined(separator: ", "))
    return [ofHours, ofHolidays]
  }

  private func campaignFindings(at seconds: Int64, in zone: TimeZoneRules) -> [RuleFinding] {
    let local = LocalDateTime(localSeconds: zone.localSeconds(at: seconds))
    func finding(_ rule: String, _ says: String, allows: Bool, detail: String = "") -> RuleFinding {
      RuleFinding(
        rule: "campaign.\(rule)", says: says, source: "the campaign", zone: zone.name, local: local, allows: allows,
        detail: detail)
    }
    let today = windows.windows.filter { $0.weekday == local.date.weekday }.compactMap {
      MinuteRange(start: $0.startMinute, end: $0.endMinute)?.description
    }
    var result = [
      finding(
        "windows", "calls in the campaign's windows only", allows: windows.weekly.isOpen(at: seconds, in: zone),
        detail: today.isEmpty ? "no window on this weekday" : today.joined(separator: ", "))
    ]
    if !windows.excludedDates.isEmpty {
      let isExcluded = windows.excludes(local.date)
      result.append(
        finding(
          "excluded_dates", "no calls on the campaign's excluded dates", allows: !isExcluded,
          detail: isExcluded ? local.date.description : ""))
    }
    for range in avoided {
      let others = DatedHours(.always).subtracting(range)
      result.append(
        finding(
          "other_time", "a retry at another time of day than \(range)", allows: others.isOpen(at: seconds, in: zone)))
    }
    return result
  }
}
