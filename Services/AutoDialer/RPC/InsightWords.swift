import Core
import RingmasterMessages
import Telephony
import Wire

// Explanations on the wire.

extension LeadExplanation {
  init(_ insight: DialStore.LeadInsight, at instant: Instant) {
    let around = insight.surroundings
    let explanation = Explanation(
      insight.standing, afterWish: insight.afterWish, callee: insight.callee, in: around, at: instant)
    self.init()
    at = Timestamp(instant)
    verdict = explanation.verdict.wire
    reason = explanation.reason
    nextAt = explanation.nextAt.map(Timestamp.init)
    policyVersion = Int32(around.rules.policyVersion)
    campaignState = CampaignState(name: around.state)
    findings = explanation.leadGates.map(GateFinding.init)
    numbers = explanation.numbers.map { NumberExplanation($0, sharing: explanation.leadGates) }
    limit = around.allowance.map(LimitStanding.init)
    attempts = insight.attempts.map { Attempt($0) }
    if case .waiting(let entry) = insight.standing {
      dueAt = Timestamp(entry.dueAt)
      requested = entry.rank == QueueEntry.requested
    }
    notes = insight.notes
    summary = Self.summary(explanation, insight, at: instant)
  }

  private static func summary(_ explanation: Explanation, _ insight: DialStore.LeadInsight, at instant: Instant)
    -> String
  {
    let next = explanation.nextAt.map { "; it may be called at \($0.forPeople)" } ?? ""
    switch (explanation.verdict, insight.standing) {
    case (.dial, _): return "every rule lets it be called at \(instant.forPeople)"
    case (.wait, _): return "it waits (\(explanation.reason))\(next)"
    case (.never, _): return "it will not be called: \(explanation.reason)"
    case (.inFlight, .inFlight(let since)):
      return "it has been in a call, or waiting for the outcome, since \(since.forPeople)"
    case (.inFlight, _): return "it is in a call"
    case (.done, .done(let reason, let end)): return "it is done since \(end.forPeople): \(reason)"
    case (.done, _): return "it is done: \(explanation.reason)"
    case (.unknownThen, _): return "it joined the campaign at \(insight.callee.joinedAt.forPeople)"
    }
  }
}

extension Explanation.Verdict {
  var wire: LeadVerdict {
    switch self {
    case .dial: .dial
    case .wait: .wait
    case .never: .never
    case .inFlight: .inFlight
    case .done: .done
    case .unknownThen: .unknownThen
    }
  }
}

extension CampaignState {
  /// Of the dialer's own word.
  init(name: String) {
    self =
      switch name {
      case "active": .active
      case "paused": .paused
      case "completed": .completed
      case "cancelled": .cancelled
      default: .draft
      }
  }
}

extension GateFinding {
  init(_ gate: GateVerdict) {
    self.init()
    rule = gate.finding.rule
    detail = gate.finding.detail
    switch gate {
    case .pass(_, let until):
      passed = true
      self.until = until.map(Timestamp.init)
    case .wait(let until, let reason, _):
      self.reason = reason
      self.until = Timestamp(until)
    case .never(let reason, _):
      self.reason = reason
    }
  }
}

extension NumberExplanation {
  init(_ view: Explanation.NumberView, sharing leadGates: [GateVerdict]) {
    self.init()
    index = Int32(view.number.index)
    phone = view.number.phone
    zones = view.number.place.zones.map(\.name)
    findings = view.gates.map(GateFinding.init)
    switch view.decision {
    case .dial(let permission):
      verdict = .dial
      until = Timestamp(permission.expiresAt)
    case .wait(let until, let reason):
      verdict = .wait
      self.reason = reason
      self.until = Timestamp(until)
    case .never(let reason):
      verdict = .never
      self.reason = reason
    }
  }
}

extension LimitStanding {
  init(_ allowance: Allowance) {
    self.init()
    limit = allowance.limit.rawValue
    callsLeft = Int64(allowance.calls)
    detail =
      allowance.calls == 0
      ? "\(allowance.limit.words) allows no call now" : "\(allowance.limit.words) allows \(allowance.calls) more"
  }
}

extension Allowance.Limit {
  var words: String { rawValue.map { $0 == "_" ? " " : $0 }.reduce(into: "the limit of ") { $0.append($1) } }
}

extension CampaignExplanation {
  init(_ insight: DialStore.CampaignInsight, at now: Instant) {
    self.init()
    let rules = insight.known.rules
    campaignId = rules.campaign.description
    at = Timestamp(now)
    state = CampaignState(name: insight.known.state)
    policyVersion = Int32(rules.policyVersion)
    startsAt = rules.startsAt.map(Timestamp.init)
    endsAt = rules.endsAt.map(Timestamp.init)
    limit = insight.allowance.map(LimitStanding.init)
    leads = Int64(insight.leads)
    waiting = Int64(insight.waiting)
    due = Int64(insight.due)
    let done = insight.done.reduce(0) { $0 + $1.leads }
    inFlight = Int64(max(0, insight.leads - insight.waiting - done))
    nextDueAt = insight.nextDueAt.map(Timestamp.init)
    waits = insight.groups.map { group in
      var wait = WaitingGroup()
      wait.kind = group.kind
      wait.opensAt = Timestamp(group.opensAt)
      wait.leads = Int64(group.leads)
      return wait
    }
    dueReasons = insight.dueReasons.map(ReasonCount.init)
    dueExamined = Int64(insight.dueExamined)
    self.done = insight.done.map(ReasonCount.init)
    summary = CampaignStanding(insight, inFlight: Int(inFlight)).sentence(at: now)
  }
}

extension ReasonCount {
  init(_ count: DialStore.CampaignInsight.Count) {
    self.init()
    reason = count.reason
    leads = Int64(count.leads)
  }
}

extension CampaignStanding {
  init(_ insight: DialStore.CampaignInsight, inFlight: Int) {
    self.init(
      state: insight.known.state, rules: insight.known.rules, allowance: insight.allowance, leads: insight.leads,
      waiting: insight.waiting, due: insight.due, inFlight: inFlight, nextDueAt: insight.nextDueAt,
      callable: insight.dueReasons.first { $0.reason == "may_be_called" }?.leads ?? 0,
      mainReason: insight.dueReasons.first { $0.reason != "may_be_called" }?.reason)
  }
}

extension PolicyPreview {
  init(_ preview: DialStore.Preview) {
    self.init()
    policyVersion = Int32(preview.policyVersion)
    waiting = Int64(preview.waiting)
    examined = Int64(preview.edit.examined)
    counts = EditPreview.Change.allCases.compactMap { change in
      guard let leads = preview.edit.counts[change] else { return nil }
      var count = PreviewCount()
      count.change = change.wire
      count.leads = Int64(leads)
      if let shift = preview.edit.shift(change) {
        count.medianShift = ProtobufDuration(shift.median)
        count.largestShift = ProtobufDuration(shift.largest)
      }
      return count
    }
    examples = preview.edit.examples.map(PreviewedLead.init)
  }
}

extension EditPreview.Change {
  var wire: PreviewChange {
    switch self {
    case .none: .none
    case .earlier: .earlier
    case .later: .later
    case .never: .never
    case .possible: .possible
    }
  }
}

extension PreviewedLead {
  init(_ example: EditPreview.Example) {
    self.init()
    leadId = example.lead.description
    change = example.change.wire
    before = example.before.instant.map(Timestamp.init)
    after = example.after.instant.map(Timestamp.init)
    beforeReason = example.before.reason
    afterReason = example.after.reason
  }
}

extension NextCall.Result {
  /// Why not, or not for sure; empty for a call that time alone keeps waiting.
  fileprivate var reason: String {
    switch self {
    case .at: ""
    case .untold(_, let reason), .never(let reason): reason
    }
  }
}
