import Core
import Telephony

/// What an edit of a campaign's policy does to the leads that wait, counted before it is applied. Pure.
struct EditPreview: Sendable {
  enum Change: Hashable, Sendable, CaseIterable {
    case none, earlier, later
    /// It could be called and cannot any more.
    case never
    /// It could not be called and can.
    case possible
  }

  /// One lead that changes.
  struct Example: Hashable, Sendable {
    var lead: LeadID
    var change: Change
    var before: NextCall.Result
    var after: NextCall.Result
  }

  /// Examples of each change.
  private static let mostExamples = 5

  private(set) var counts: [Change: Int] = [:]
  private(set) var examples: [Example] = []
  /// By how much leads move, for earlier and later.
  private var shifts: [Change: [Duration]] = [:]

  var examined: Int { counts.values.reduce(0, +) }

  mutating func add(_ lead: LeadID, before: NextCall.Result, after: NextCall.Result) {
    let change = Self.change(before, after)
    counts[change, default: 0] += 1
    if let old = before.instant, let new = after.instant, old != new {
      shifts[change, default: []].append(new > old ? old.duration(to: new) : new.duration(to: old))
    }
    if change != .none, counts[change, default: 0] <= Self.mostExamples {
      examples.append(Example(lead: lead, change: change, before: before, after: after))
    }
  }

  /// Half of the leads that change so move by less, and all by at most the largest. Nil where nothing moves.
  func shift(_ change: Change) -> (median: Duration, largest: Duration)? {
    guard let sorted = shifts[change]?.sorted(), let largest = sorted.last else { return nil }
    return (sorted[sorted.count / 2], largest)
  }

  private static func change(_ before: NextCall.Result, _ after: NextCall.Result) -> Change {
    switch (before.instant, after.instant) {
    case (nil, nil): .none
    case (nil, _?): .possible
    case (_?, nil): .never
    case (let old?, let new?): new == old ? .none : new < old ? .earlier : .later
    }
  }
}

extension NextCall.Result {
  /// When it may be called, answers of others aside; nil for never.
  var instant: Instant? {
    switch self {
    case .at(let instant), .untold(let instant, _): instant
    case .never: nil
    }
  }
}

/// Finds when leads may be called, once for all that are in the same situation: most leads of a campaign are.
struct NextCallMemory: Sendable {
  private struct Situation: Hashable {
    struct Number: Hashable {
      var index: Int
      var place: LeadPlace
      var consent: Consent
    }

    var numbers: [Number]
    var expiry: Instant?
    var entry: QueueEntry
  }

  private let rules: CampaignRules
  private let now: Instant
  private var known: [Situation: NextCall.Result] = [:]
  private static let most = 50_000

  init(rules: CampaignRules, now: Instant) {
    (self.rules, self.now) = (rules, now)
  }

  /// - Parameter facts: A lead of which any are known is in a situation of its own.
  mutating func result(_ entry: QueueEntry, callee: Callee, facts: DialFacts) -> NextCall.Result {
    if rules.eligibilityURL != nil || callee.numbers.contains(where: { facts.know($0) }) {
      return NextCall(entry, callee: callee, rules: rules, facts: facts, from: now).result
    }
    var place = entry
    place.lead = LeadID(UniqueID(high: 0, low: 0))
    let situation = Situation(
      numbers: callee.numbers.map { .init(index: $0.index, place: $0.place, consent: $0.consent) },
      expiry: callee.expiry(rules), entry: place)
    if let result = known[situation] { return result }
    let result = NextCall(entry, callee: callee, rules: rules, facts: facts, from: now).result
    if known.count < Self.most { known[situation] = result }
    return result
  }
}

extension DialFacts {
  /// Whether anything is known of a number that is not in its place and consent.
  fileprivate func know(_ number: Callee.Number) -> Bool {
    doNotCall[number.phone] != nil || clearances[.wash(number.phone)] != nil
  }
}
