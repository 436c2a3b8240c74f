import Core
import Telephony

/// What was kept of a lead, and where that says it stood at an earlier instant. Pure.
///
/// A lead's place in the queue is not kept once it is used. What is computed from the same judgement that made it, with
/// the policies that held since, is the same place.
struct LeadPast: Hashable, Sendable {
  /// One attempt that was permitted by the instant asked about.
  struct Attempt: Hashable, Sendable {
    var number: Int
    var rank: Int
    var phone: String
    var grantedAt: Instant
    var isWithdrawn: Bool
    /// When it was over, or taken back; nil: it is not.
    var endedAt: Instant?
    var outcome: CallOutcome?
    var isPermanentFailure: Bool
  }

  struct End: Hashable, Sendable {
    var reason: String
    var at: Instant
  }

  /// A call that somebody had asked for and that was still to come.
  struct Wish: Hashable, Sendable {
    var dueAt: Instant
    var notAfter: Instant
  }

  var lead: LeadID
  var callee: Callee
  /// In order.
  var attempts: [Attempt]
  /// The end that held then.
  var end: End?
  var wish: Wish?

  /// The campaign's rules from an instant on.
  struct Version: Sendable {
    var from: Instant
    var rules: CampaignRules
  }

  /// Where the lead stood at `now`.
  ///
  /// - Parameters:
  ///   - rules: Those of `now`.
  ///   - versions: The rules up to `now`, oldest first.
  func standing(
    at now: Instant, campaignIsOver: Bool, rules: CampaignRules, versions: [Version]
  ) -> Explanation.Standing {
    if now < callee.joinedAt { return .unknown }
    if let end { return .done(reason: end.reason, at: end.at) }
    guard let last = attempts.last else { return .waiting(wished(first(rules))) }
    guard let endedAt = last.endedAt, endedAt <= now, last.isWithdrawn || last.outcome != nil else {
      return .inFlight(since: last.grantedAt)
    }
    var entry = QueueEntry(lead: lead, rank: last.rank, dueAt: endedAt)
    entry.attempts = last.number
    entry.withdrawn = attempts.count(where: \.isWithdrawn)
    guard !last.isWithdrawn else { return .waiting(wished(entry)) }
    let earlier = attempts.dropLast().filter { !$0.isWithdrawn }
      .map { RetryJudgement.Earlier(call: $0.call, phone: $0.phone) }
    let judgement = RetryJudgement(
      .init(call: last.call, phone: last.phone, optedOut: false), earlier: earlier, entry: entry, callee: callee,
      campaignIsOver: campaignIsOver, rules: versions.last { $0.from <= endedAt }?.rules ?? rules, now: endedAt)
    switch judgement.verdict {
    case .retry(let next): return .waiting(wished(moved(next, by: versions, since: endedAt)))
    // Somebody asked for one more call afterwards.
    case .finish(let reason): return wish == nil ? .done(reason: reason, at: endedAt) : .waiting(wished(entry))
    }
  }

  /// Its place after every change of windows since, as the queue does it: a retry keeps its wait, and waits for the new
  /// windows beyond it.
  private func moved(_ entry: QueueEntry, by versions: [Version], since endedAt: Instant) -> QueueEntry {
    var entry = entry
    for (before, after) in zip(versions, versions.dropFirst())
    where after.from > endedAt && before.rules.windows != after.rules.windows {
      if let opening = callee.nextOpening(after: after.from, rules: after.rules) {
        entry.dueAt = max(entry.dueAt, opening)
      }
    }
    return entry
  }

  private func first(_ rules: CampaignRules) -> QueueEntry {
    QueueEntry(
      lead: lead, rank: DialPriority(lastOutcome: nil).rank(for: rules.callType),
      dueAt: callee.nextOpening(after: callee.joinedAt, rules: rules) ?? callee.joinedAt)
  }

  private func wished(_ entry: QueueEntry) -> QueueEntry {
    guard let wish else { return entry }
    var entry = entry
    (entry.rank, entry.dueAt, entry.notAfter, entry.avoiding) = (QueueEntry.requested, wish.dueAt, wish.notAfter, nil)
    return entry
  }
}

extension LeadPast.Attempt {
  fileprivate var call: PastCall {
    PastCall(outcome: outcome ?? .failed, at: grantedAt, isPermanentFailure: isPermanentFailure)
  }
}
