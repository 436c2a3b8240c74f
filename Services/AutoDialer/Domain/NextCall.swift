import Core

/// When a lead that waits may be called next, as far as time decides. Pure.
struct NextCall: Hashable, Sendable {
  enum Result: Hashable, Sendable {
    case at(Instant)
    /// From this instant on all that is missing is somebody's answer, which comes when it comes.
    case untold(from: Instant, reason: String)
    case never(reason: String)
  }

  let result: Result
  /// The rule that makes it wait first; empty when it need not.
  let waitReason: String

  /// Waits that follow each other. More would be rules that never agree.
  private static let mostWaits = 32

  /// - Parameter from: The earliest instant that is of interest.
  init(_ entry: QueueEntry, callee: Callee, rules: CampaignRules, facts: DialFacts, from: Instant) {
    let start = max(from, entry.dueAt, rules.startsAt ?? .distantPast)
    var best: (result: Result, reason: String) = (.never(reason: "no_number"), "")
    for number in callee.numbers(for: entry) {
      var one = callee
      one.numbers = [number]
      let found = Self.search(entry, callee: one, rules: rules, facts: facts, from: start)
      if best.result.isReplaced(by: found.result) { best = found }
    }
    result = best.result
    guard start > from else {
      waitReason = best.reason
      return
    }
    let isSchedule = rules.startsAt.map { $0 > entry.dueAt } ?? false
    waitReason = isSchedule ? "schedule" : Self.reasonOfDue(entry, callee, rules, facts, from)
  }

  /// Goes from wait to wait until the number may be called or never will be.
  private static func search(
    _ entry: QueueEntry, callee: Callee, rules: CampaignRules, facts: DialFacts, from: Instant
  ) -> (result: Result, reason: String) {
    var instant = from
    var firstReason = ""
    for _ in 0..<mostWaits {
      if let endsAt = rules.endsAt, instant >= endsAt { return (.never(reason: "schedule"), firstReason) }
      switch DialDecision.decide(callee, entry: entry, rules: rules, facts: facts, now: instant) {
      case .dial: return (.at(instant), firstReason)
      case .never(let reason): return (.never(reason: reason), firstReason)
      case .wait(let until, let reason):
        if firstReason.isEmpty { firstReason = reason }
        if ClearanceGate.isAnswer(reason) { return (.untold(from: instant, reason: reason), firstReason) }
        instant = until
      }
    }
    return (.never(reason: "no_legal_window"), firstReason)
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

extension NextCall.Result {
  /// Whether another number's result decides instead of this one's: the earliest call does, else what may still come,
  /// else the last refusal.
  fileprivate func isReplaced(by other: NextCall.Result) -> Bool {
    switch (self, other) {
    case (.at(let mine), .at(let theirs)): theirs < mine
    case (.at, _): false
    case (_, .at): true
    case (.untold(let mine, _), .untold(let theirs, _)): theirs < mine
    case (.untold, .never): false
    case (.never, _): true
    }
  }
}

extension ClearanceGate {
  /// Whether a wait ends with somebody's answer rather than at its time.
  static func isAnswer(_ reason: String) -> Bool {
    isNeed(reason) || Clearance.Kind.allCases.contains { reason == "\($0.rawValue)_unavailable" }
  }
}
