import Core
import Telephony

/// What becomes of a lead whose turn has come: it may be called now, at another time, or never. Pure: this is the one
/// place that says yes, to a claim and to whoever asks why.
enum DialDecision: Hashable, Sendable {
  case dial(Permission)
  case wait(until: Instant, reason: String)
  case never(reason: String)

  /// Why a call is allowed, to which number, and for how long.
  struct Permission: Hashable, Sendable {
    var number: Callee.Number
    /// A call that has not been asked of the provider by then is not placed.
    var expiresAt: Instant
    /// Every rule that was looked at and what it found.
    var findings: [Finding]
  }

  /// The reason of a call that somebody asked for and that is not to be made any more.
  static let wishExpired = "wish_expired"

  /// A permit lives at most this long: it is given to be used at once.
  static let permitLife = Duration.seconds(300)

  /// The first of the lead's numbers that every rule lets be called decides; else the one that may be called soonest.
  static func decide(
    _ callee: Callee, entry: QueueEntry, rules: CampaignRules, facts: DialFacts, now: Instant
  ) -> DialDecision {
    let lead = leadGates(callee, entry: entry, rules: rules, now: now)
    if case .never(let reason, _)? = lead.first(where: { !$0.finding.passed }) { return .never(reason: reason) }
    var soonest: (until: Instant, reason: String)?
    var refusal = "no_number"
    for number in callee.numbers(for: entry) {
      let gates = lead + numberGates(number, entry: entry, rules: rules, facts: facts, now: now)
      switch combine(gates, number: number, now: now) {
      case .dial(let permission): return .dial(permission)
      case .wait(let until, let reason):
        if until < soonest?.until ?? .distantFuture { soonest = (until, reason) }
      case .never(let reason): refusal = reason
      }
    }
    return soonest.map { .wait(until: $0.until, reason: $0.reason) } ?? .never(reason: refusal)
  }

  /// What the rules say that do not depend on which number is called.
  static func leadGates(
    _ callee: Callee, entry: QueueEntry, rules: CampaignRules, now: Instant
  ) -> [GateVerdict] {
    var gates = [
      gate(
        "attempts", "max_attempts", entry.made < rules.maxCallsPerLead, "\(entry.made) of \(rules.maxCallsPerLead) made"
      )
    ]
    if let expiry = callee.expiry(rules) {
      gates.append(
        gate("expiry", "expired", now < expiry, "the reason to call ends at \(expiry.rfc3339)", until: expiry))
    }
    if let end = entry.notAfter {
      gates.append(
        entry.rank == QueueEntry.requested
          ? gate(
            "requested", wishExpired, now < end, "the call was asked for, to be made before \(end.rfc3339)",
            until: end)
          : gate(
            "same_day", RetryDecision.FinalReason.dayIsOver.rawValue, now < end,
            "the retry has to be made before \(end.rfc3339)", until: end))
    }
    return gates
  }

  /// What the rules say about one number.
  static func numberGates(
    _ number: Callee.Number, entry: QueueEntry, rules: CampaignRules, facts: DialFacts, now: Instant
  ) -> [GateVerdict] {
    [
      DoNotCallGate.judge(facts.doNotCall[number.phone]),
      facts.hours.judge(number.place, avoiding: entry.avoiding, rules: rules, now: now),
      consent(number, rules: rules),
      .pass(Finding("policy", true, "version \(rules.policyVersion)")),
    ]
      + facts.gate.judge(
        number: number, lead: entry.lead, eligibilityURL: rules.eligibilityURL, known: facts.clearances, now: now)
  }

  /// One refusal for good outweighs every wait, the longest wait every shorter one.
  static func combine(_ gates: [GateVerdict], number: Callee.Number, now: Instant) -> DialDecision {
    var wait: (until: Instant, reason: String)?
    var expiresAt = now + permitLife
    for gate in gates {
      switch gate {
      case .never(let reason, _): return .never(reason: reason)
      case .wait(let until, let reason, _):
        if until > wait?.until ?? .distantPast { wait = (until, reason) }
      case .pass(_, let until):
        if let until { expiresAt = min(expiresAt, until) }
      }
    }
    if let wait { return .wait(until: wait.until, reason: wait.reason) }
    return .dial(Permission(number: number, expiresAt: expiresAt, findings: gates.map(\.finding)))
  }

  private static func gate(
    _ rule: String, _ refusal: String, _ passed: Bool, _ detail: String, until: Instant? = nil
  ) -> GateVerdict {
    let finding = Finding(rule, passed, detail)
    return passed ? .pass(finding, until: until) : .never(reason: refusal, finding)
  }

  private static func consent(_ number: Callee.Number, rules: CampaignRules) -> GateVerdict {
    gate(
      "consent", number.consent == .withdrawn ? "consent_withdrawn" : "no_consent",
      number.consent.suffices(for: rules.requiredConsent),
      "\(number.consent.rawValue) is given, \(rules.requiredConsent.rawValue) is asked for")
  }
}
