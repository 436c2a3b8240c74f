import Core
import Telephony

/// What becomes of a lead after a call. Pure.
struct RetryJudgement: Hashable, Sendable {
  /// The call that has just ended.
  struct Ending: Hashable, Sendable {
    var call: PastCall
    /// The number that was called.
    var phone: String
    var optedOut: Bool
  }

  /// A call before it that left.
  struct Earlier: Hashable, Sendable {
    var call: PastCall
    var phone: String
  }

  enum Verdict: Hashable, Sendable {
    /// Back into the queue, with attempts as they were.
    case retry(QueueEntry)
    case finish(reason: String)
  }

  let verdict: Verdict

  /// - Parameters:
  ///   - entry: The lead's place before the call, with all attempts counted that were ever numbered.
  ///   - callee: Asked for only where the lead's numbers decide, which is when it may be called again.
  ///   - campaignIsOver: The campaign was stopped: nothing is tried again.
  init(
    _ ending: Ending, earlier: [Earlier], entry: QueueEntry, callee: @autoclosure () throws -> Callee,
    campaignIsOver: Bool, rules: CampaignRules, now: Instant
  ) rethrows {
    let outcome = ending.call.outcome
    if ending.optedOut {
      verdict = .finish(reason: "opted_out")
      return
    }
    if campaignIsOver || (outcome.isFinalForLead && !Self.spends(ending.call)) {
      verdict = .finish(reason: outcome.isFinalForLead ? outcome.rawValue : "campaign_cancelled")
      return
    }
    let callee = try callee()
    var next = entry
    let calls = earlier + [Earlier(call: ending.call, phone: ending.phone)]
    next.spentNumbers = Self.spent(calls, callee: callee)
    next.nextNumber = callee.numbers.first { $0.phone == ending.phone }.map { $0.index + 1 } ?? 0
    next.notAfter = nil
    next.avoiding = nil
    let numbers = callee.numbers(for: next)
    if Self.spends(ending.call), let first = numbers.first {
      verdict = Self.another(first, next, made: calls.count, rules: rules, now: now)
      return
    }
    verdict = Self.again(ending.call, earlier: earlier.map(\.call), numbers: numbers, next, rules: rules, now: now)
  }

  /// The number is no good, but the lead has others: they are tried at once, as long as it may be called at all.
  private static func another(
    _ number: Callee.Number, _ entry: QueueEntry, made: Int, rules: CampaignRules, now: Instant
  ) -> Verdict {
    guard made < rules.maxCallsPerLead else { return .finish(reason: RetryDecision.FinalReason.maximumCalls.rawValue) }
    guard let opening = number.place.dialWindow(rules).nextOpening(after: now, zones: number.place.zones) else {
      return .finish(reason: RetryDecision.FinalReason.noWindow.rawValue)
    }
    var next = entry
    next.dueAt = opening
    next.rank = DialPriority(lastOutcome: .failed).rank(for: rules.callType)
    return .retry(next)
  }

  private static func again(
    _ call: PastCall, earlier: [PastCall], numbers: [Callee.Number], _ entry: QueueEntry, rules: CampaignRules,
    now: Instant
  ) -> Verdict {
    var soonest: QueueEntry?
    var refusal: RetryDecision.FinalReason = call.outcome.isFinalForLead ? .outcomeIsFinal : .permanentFailure
    for number in numbers {
      let decision = rules.retries.decide(
        after: call, earlier: earlier, maximumCalls: rules.maxCallsPerLead, now: now,
        window: number.place.dialWindow(rules), zones: number.place.zones)
      switch decision {
      case .final(let reason): refusal = reason
      case .retry(let notBefore, let notAfter, let avoiding):
        guard notBefore < soonest?.dueAt ?? .distantFuture else { continue }
        var next = entry
        next.dueAt = notBefore
        next.rank = DialPriority(lastOutcome: call.outcome).rank(for: rules.callType)
        next.notAfter = notAfter
        next.avoiding = avoiding
        soonest = next
      }
    }
    if let soonest { return .retry(soonest) }
    return .finish(reason: refusal == .outcomeIsFinal ? call.outcome.rawValue : refusal.rawValue)
  }

  /// Whether a call shows that its number is no good for reaching the lead.
  private static func spends(_ call: PastCall) -> Bool { call.outcome == .wrongNumber || call.isPermanentFailure }

  private static func spent(_ calls: [Earlier], callee: Callee) -> Int {
    let phones = Set(calls.filter { spends($0.call) }.map(\.phone))
    return callee.numbers.reduce(0) { phones.contains($1.phone) ? $0 | (1 << $1.index) : $0 }
  }
}
