import Core
import Telephony

/// Whether one permit was lawful when it was granted. Pure: asks the law again, in every zone where the person can be, and
/// believes nothing that the dialer wrote about it.
struct PermitCheck {
  let campaign: CampaignID
  let tenant: TenantID
  /// In order.
  let versions: [CampaignVersion]
  let doNotCall: [String: [DoNotCallRow]]

  /// A permit lives at most this long.
  static let permitLife = Duration.seconds(300)
  /// A change of a campaign is told to the dialer; until it has heard, what went before may still be used.
  static let settling = Duration.seconds(300)

  /// The rules that the permit breaks, with what was found. `earlier` are the lead's permits before it, in order.
  func faults(_ permit: PermitRow, lead: LeadVersion?, earlier: [PermitRow]) -> [Fault] {
    var faults: [Fault] = []
    func check(_ rule: String, _ passed: Bool, _ detail: @autoclosure () -> String) {
      if !passed { faults.append(Fault(rule: rule, detail: detail())) }
    }
    let derived = CallID.attempt(permit.attempt, lead: permit.lead, campaign: campaign, tenant: tenant)
    // Ids that did not begin with their leads' times yet were the hash alone.
    let follows =
      permit.call == derived
      || permit.call.value
        == .derived(from: tenant.description, campaign.description, permit.lead.description, String(permit.attempt))
    check("call_id", follows, "the call's id does not follow from lead and attempt number")
    check("evidence", permit.evidence > 0, "the permit has no evidence")
    checkTimes(permit, check)
    checkOrder(permit, earlier: earlier, check)
    check(
      "do_not_call", !(doNotCall[permit.to] ?? []).contains { applies($0, to: permit) },
      "the number was on a do-not-call list")
    guard let version = version(of: permit) else {
      check("version", false, "version \(permit.version) did not hold, or the campaign was not active")
      return faults
    }
    let made = earlier.count { $0.state != "withdrawn" }
    check("calls_per_lead", made < version.callsPerLead, "call \(made + 1) of at most \(version.callsPerLead)")
    check(
      "caller_id", version.callerIDs.isEmpty || version.callerIDs.contains(permit.from),
      "the number shown is none of the campaign's")
    check(
      "schedule", version.startsAt.map { permit.granted >= $0 } ?? true, "the campaign had not started")
    check("schedule", version.endsAt.map { permit.granted < $0 } ?? true, "the campaign had ended")
    guard let lead, let number = lead.numbers.first(where: { $0.phone == permit.to }) else {
      check("lead", false, "the number called is none of the lead's at that time")
      return faults
    }
    check(
      "consent", number.consent.suffices(for: version.requiredConsent),
      "\(number.consent.rawValue) was given, \(version.requiredConsent.rawValue) is asked for")
    let expiry = [lead.notAfter, version.leadExpiry.map { lead.joined + $0 }].compactMap(\.self).min()
    check("lead_expiry", expiry.map { permit.granted < $0 } ?? true, "the reason to call had gone")
    checkHours(permit, at: lead.place(of: number), version: version, check)
    return faults
  }

  private typealias Check = (String, Bool, @autoclosure () -> String) -> Void

  private func checkTimes(_ permit: PermitRow, _ check: Check) {
    check("permit_life", permit.granted < permit.expires, "it ran out before it was granted")
    check(
      "permit_life", permit.expires <= permit.granted + Self.permitLife,
      "it lived longer than \(Int(Self.permitLife.inSeconds)) s")
    if let placed = permit.placed {
      check("placed", permit.granted <= placed, "it was placed before it was granted")
      check("placed", placed < permit.expires, "it was placed after the permit had run out")
      check("placed", permit.state != "withdrawn", "it was placed and withdrawn")
    }
    if let ended = permit.ended { check("ended", permit.granted <= ended, "it ended before it was granted") }
  }

  private func checkOrder(_ permit: PermitRow, earlier: [PermitRow], _ check: Check) {
    guard let last = earlier.last else {
      return check("attempts", permit.attempt == 1, "the first attempt has number \(permit.attempt)")
    }
    check(
      "attempts", permit.attempt == last.attempt + 1, "attempt \(permit.attempt) follows attempt \(last.attempt)")
    check(
      "overlap", last.ended.map { $0 <= permit.granted } ?? false,
      "it was granted while attempt \(last.attempt) was not over")
  }

  private func checkHours(_ permit: PermitRow, at place: CallingPlace?, version: CampaignVersion, _ check: Check) {
    guard let place else { return check("hours", false, "nobody can tell where the person is") }
    switch DialWindow(windows: version.windows, place: place).verdict(at: permit.granted, zones: place.zones) {
    case .open(let until):
      check("hours", permit.expires <= until, "the permit outlived the window, which closed at \(until.rfc3339)")
    case .closed(let reason, _):
      check("hours", false, reason.description)
    }
  }

  private func applies(_ entry: DoNotCallRow, to permit: PermitRow) -> Bool {
    entry.isInForce(at: permit.granted) && (entry.campaign == nil || entry.campaign == campaign)
  }

  /// The version that the permit names, if it held while the campaign was active, or shortly before.
  func version(of permit: PermitRow) -> CampaignVersion? {
    versions.indices.last { index in
      let version = versions[index]
      let end = index + 1 < versions.count ? versions[index + 1].from + Self.settling : .distantFuture
      return version.version == permit.version && version.state == "active" && version.from <= permit.granted
        && permit.granted < end
    }.map { versions[$0] }
  }
}
