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

  init(_ standing: Standing, callee: Callee, in surroundings: Surroundings, at now: Instant) {
    switch standing {
    case .unknown: self.init(verdict: .unknownThen, reason: "not_in_campaign_yet")
    case .inFlight: self.init(verdict: .inFlight, reason: "in_flight")
    case .done(let reason, _): self.init(verdict: .done, reason: reason)
    case .waiting(let entry): self.init(entry, callee: callee, in: surroundings, at: now)
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

/// When a lead that waits may be called next, as far as time decides. Pure.
struct NextCall: Hashable, Sendable {
  enum Result: Hashable, Sendable {
    case at(Instant)
    case never(reason: String)
  }

  let result: Result
  /// The rule that makes it wait first; empty when it need not.
  let waitReason: String

  /// Waits that follow each other: windows, retries, caps. More would be two rules that never agree.
  private static let mostWaits = 32

  /// - Parameter from: The earliest instant that is of interest.
  init(_ entry: QueueEntry, callee: Callee, rules: CampaignRules, facts: DialFacts, from: Instant) {
    var instant = max(from, entry.dueAt, rules.startsAt ?? .distantPast)
    var firstReason = ""
    if instant > from {
      firstReason =
        entry.dueAt >= rules.startsAt ?? .distantPast
        ? Self.reasonOfDue(entry, callee, rules, facts, from) : "schedule"
    }
    for _ in 0..<Self.mostWaits {
      if let endsAt = rules.endsAt, instant >= endsAt {
        (result, waitReason) = (.never(reason: "schedule"), firstReason)
        return
      }
      switch DialDecision.decide(callee, entry: entry, rules: rules, facts: facts, now: instant) {
      case .dial:
        (result, waitReason) = (.at(instant), firstReason)
        return
      case .never(let reason):
        (result, waitReason) = (.never(reason: reason), firstReason)
        return
      case .wait(let until, let reason):
        if firstReason.isEmpty { firstReason = reason }
        // An answer that is asked for comes when it comes: time does not decide it.
        let isAnswer = reason.hasPrefix("needs_")
        guard until > instant, !isAnswer else {
          (result, waitReason) = (.at(max(instant, isAnswer ? until : instant)), firstReason)
          return
        }
        instant = until
      }
    }
    (result, waitReason) = (.never(reason: "no_legal_window"), firstReason)
  }

  /// Why a lead was not put into the queue earlier: the rule that shuts it out now, else its retry, else its wish.
  private static func reasonOfDue(
    _ entry: QueueEntry, _ callee: Callee, _ rules: CampaignRules, _ facts: DialFacts, _ now: Instant
  ) -> String {
    if entry.rank == QueueEntry.requested { return "requested_for_later" }
    if entry.made > 0 { return "retry" }
    if case .wait(_, let reason) = DialDecision.decide(callee, entry: entry, rules: rules, facts: facts, now: now) {
      return reason
    }
    return "not_due"
  }
}
