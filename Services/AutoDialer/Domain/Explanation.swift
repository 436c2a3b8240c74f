import Core
import Telephony

/// Why a lead is called or not at an instant: asks the very gates that a claim asks, and keeps what each of them said.
/// Pure.
struct Explanation: Hashable, Sendable {
  enum Verdict: String, Hashable, Sendable {
    case dial, wait, never
    case inFlight = "in_flight"
    case done
    /// The dialer did not know the lead yet.
    case unknownThen = "unknown_then"
  }

  /// Where a lead is in its life.
  enum Standing: Hashable, Sendable {
    case unknown
    case waiting(QueueEntry)
    case inFlight(since: Instant)
    case done(reason: String, at: Instant)
  }

  /// What surrounds the lead at the instant asked about.
  struct Surroundings: Sendable {
    /// Of the campaign: "active".
    var state: String
    var rules: CampaignRules
    var facts: DialFacts
    /// Nil where it is not known what the limits allowed.
    var allowance: Allowance?
  }

  /// What the rules say about one of the lead's numbers.
  struct NumberView: Hashable, Sendable {
    var number: Callee.Number
    var gates: [GateVerdict]
    var decision: DialDecision
  }

  var verdict: Verdict
  /// Stable word for why.
  var reason: String
  /// The next instant at which all rules that time decides let the lead be called.
  var nextAt: Instant?
  var leadGates: [GateVerdict] = []
  var numbers: [NumberView] = []

  /// - Parameter afterWish: Where the lead goes back to when the call that somebody asked for is not made.
  init(
    _ standing: Standing, afterWish: Standing? = nil, callee: Callee, in surroundings: Surroundings, at now: Instant
  ) {
    switch standing {
    case .unknown: self.init(verdict: .unknownThen, reason: "not_in_campaign_yet")
    case .inFlight: self.init(verdict: .inFlight, reason: "in_flight")
    case .done(let reason, _): self.init(verdict: .done, reason: reason)
    case .waiting(let entry):
      self.init(entry, callee: callee, in: surroundings, at: now)
      guard verdict == .never, reason == DialDecision.wishExpired, let afterWish, let end = entry.notAfter else {
        return
      }
      let later = Explanation(afterWish, callee: callee, in: surroundings, at: max(now, end))
      switch later.verdict {
      // It goes back at the wish's end, or any moment now.
      case .dial: (verdict, nextAt) = (.wait, max(now, end))
      case .wait, .never: (verdict, reason, nextAt) = (later.verdict, later.reason, later.nextAt)
      case .inFlight, .done, .unknownThen: break
      }
    }
  }

  private init(verdict: Verdict, reason: String) {
    (self.verdict, self.reason) = (verdict, reason)
  }

  private init(_ entry: QueueEntry, callee: Callee, in around: Surroundings, at now: Instant) {
    let rules = around.rules
    let shared = DialDecision.leadGates(callee, entry: entry, rules: rules, now: now)
    leadGates = shared
    numbers = callee.numbers(for: entry).map { number in
      let gates = DialDecision.numberGates(number, entry: entry, rules: rules, facts: around.facts, now: now)
      return NumberView(
        number: number, gates: gates, decision: DialDecision.combine(shared + gates, number: number, now: now))
    }
    // What the campaign as a whole holds against any call outranks the wait of the lead, but not a refusal for good.
    let opening = NextCall(entry, callee: callee, rules: rules, facts: around.facts, from: now)
    switch opening.result {
    case .never(let reason):
      (verdict, self.reason, nextAt) = (.never, reason, nil)
    case .untold(_, let reason):
      (verdict, self.reason) = (.wait, around.state == "active" ? reason : "campaign_\(around.state)")
    case .at(let instant):
      nextAt = instant
      if around.state != "active" {
        (verdict, reason, nextAt) = (.wait, "campaign_\(around.state)", nil)
      } else if instant > now {
        (verdict, reason) = (.wait, opening.waitReason)
      } else if let allowance = around.allowance, allowance.calls == 0 {
        (verdict, reason, nextAt) = (.wait, allowance.limit.rawValue, nil)
      } else {
        (verdict, reason) = (.dial, "all_rules_pass")
      }
    }
  }
}
