import Core
import Telephony

/// A single call that somebody asks for: whether the rules let it be made, and when. Pure; every rule and limit that holds
/// for other calls holds for it.
struct CallWish: Hashable, Sendable {
  /// Why it cannot be made, for people.
  struct Refusal: Error, Hashable, Sendable {
    /// The rule's word.
    var reason: String
    var message: String
  }

  /// How the lead stands when it is asked for.
  enum Standing: Hashable, Sendable {
    case waiting(QueueEntry)
    /// Attempts as its history has them.
    case done(reason: String, QueueEntry)
    case inFlight
  }

  /// How long after it is due a wish holds when nobody says otherwise.
  static let life = Duration.hours(1)
  /// A wish further ahead is a mistake.
  static let longest = Duration.days(365)
  /// Ends that are the person's own word: no wish of somebody else's opens them again.
  private static let lasting: Set = ["opted_out", "do_not_call", "consent_withdrawn"]

  /// The lead's place in the queue.
  let entry: QueueEntry
  /// The rule that makes it later than asked for; empty when it is not.
  let dueReason: String
  let notAfter: Instant

  init(
    at wanted: Instant, notAfter: Instant?, standing: Standing, callee: Callee, rules: CampaignRules, facts: DialFacts,
    now: Instant
  ) throws(Refusal) {
    guard wanted <= now + Self.longest else {
      throw Refusal(reason: "too_far", message: "at: \(wanted.rfc3339) is more than a year ahead")
    }
    var entry: QueueEntry
    switch standing {
    case .inFlight:
      throw Refusal(
        reason: "in_flight", message: "the lead is in a call, or its outcome is awaited; ask again afterwards")
    case .waiting(let place): entry = place
    case .done(let reason, let place):
      guard !Self.lasting.contains(reason) else {
        throw Refusal(reason: reason, message: "the lead is done for good: \(reason)")
      }
      entry = place
    }
    (entry.rank, entry.notAfter, entry.avoiding) = (QueueEntry.requested, nil, nil)
    entry.dueAt = max(wanted, now)
    let next = NextCall(entry, callee: callee, rules: rules, facts: facts, from: entry.dueAt)
    switch next.result {
    case .never(let reason):
      throw Refusal(reason: reason, message: Self.message(of: reason, made: entry.made, rules: rules))
    case .untold(let instant, let reason):
      guard ClearanceGate.isNeed(reason) else {
        throw Refusal(reason: reason, message: "nobody can be asked whether the lead may be called: \(reason)")
      }
      entry.dueAt = instant
    case .at(let instant):
      entry.dueAt = instant
    }
    dueReason = entry.dueAt > max(wanted, now) ? next.waitReason : ""
    self.notAfter = notAfter ?? entry.dueAt + Self.life
    guard entry.dueAt < self.notAfter else {
      let why = dueReason.isEmpty ? "" : " (\(dueReason))"
      throw Refusal(
        reason: "not_before_its_end",
        message: "the lead may be called at \(entry.dueAt.rfc3339) at the earliest\(why), which is not before "
          + self.notAfter.rfc3339)
    }
    entry.notAfter = self.notAfter
    self.entry = entry
  }

  private static func message(of reason: String, made: Int, rules: CampaignRules) -> String {
    reason == RetryDecision.FinalReason.maximumCalls.rawValue
      ? "the lead has been called \(made) of \(rules.maxCallsPerLead) times; raise policy.maxCallsPerLead to call again"
      : "a rule forbids the call: \(reason)"
  }
}
