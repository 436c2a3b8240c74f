import Core
import Telephony

/// Puts leads together that a forecast need not tell apart, and sets apart those that can never be called. Pure.
struct ForecastCensus {
  /// Where a lead can be reached, as far as anybody may call it there.
  enum Reach: Hashable, Sendable {
    case profile(Int)
    case never(reason: String)
  }

  private struct Key: Hashable {
    var profile: Int
    var entry: QueueEntry
    var calls: [ForecastPast]
    var expiresAt: Instant?
    var isInFlight: Bool
  }

  private let rules: CampaignRules
  private let now: Instant
  private var profiles: [Callee] = []
  private var profileOf: [Callee: Int] = [:]
  private var groupOf: [Key: Int] = [:]
  private(set) var groups: [Forecast.Group] = []
  /// Leads that no rule lets be called, ever.
  private(set) var never: [String: Forecast.NeverCalled] = [:]
  private(set) var leads = 0

  /// More groups than this are told apart by the hour only, and more profiles by their first number: what a forecast holds
  /// in memory does not grow with the leads.
  private static let mostGroups = 100_000
  private static let mostProfiles = 5_000

  init(rules: CampaignRules, now: Instant) {
    (self.rules, self.now) = (rules, now)
  }

  /// What time does not decide about a lead: which of its numbers may be called at all. Their phones are left out, so that
  /// leads of one place have one profile.
  mutating func reach(of callee: Callee, lead: LeadID, facts: DialFacts) -> Reach {
    var refusal = "no_number"
    var numbers: [Callee.Number] = []
    let entry = QueueEntry(lead: lead, rank: 0, dueAt: now)
    for number in callee.numbers {
      let gates = DialDecision.numberGates(number, entry: entry, rules: rules, facts: facts, now: now)
      switch DialDecision.combine(gates, number: number, now: now) {
      case .never(let reason): refusal = reason
      case .wait(_, let reason) where Self.isForNobody(reason, number, rules, facts): refusal = reason
      case .dial, .wait:
        var number = number
        (number.phone, number.known) = (ForecastPast.phone(number.index), nil)
        numbers.append(number)
      }
    }
    guard let first = numbers.first else { return .never(reason: refusal) }
    if profiles.count >= Self.mostProfiles { numbers = [first] }
    return .profile(profile(Callee(numbers: numbers, joinedAt: .distantPast)))
  }

  /// Whether a wait is for an answer that nobody can be asked for.
  private static func isForNobody(
    _ reason: String, _ number: Callee.Number, _ rules: CampaignRules, _ facts: DialFacts
  ) -> Bool {
    guard ClearanceGate.isAnswer(reason) else { return false }
    return ClearanceGate.mustBeWashed(number) && !facts.gate.canWash
      || rules.eligibilityURL != nil && !facts.gate.canSign
  }

  /// - Parameters:
  ///   - calls: That the lead has had, the running one left out.
  ///   - expiresAt: From when on it is not called any more.
  mutating func add(
    _ entry: QueueEntry, _ reach: Reach, calls: [ForecastPast] = [], expiresAt: Instant?, isInFlight: Bool = false
  ) {
    leads += 1
    let profile: Int
    switch reach {
    case .never(let reason):
      never[reason, default: .init()].add(1, example: entry.lead)
      return
    case .profile(let index): profile = index
    }
    if let reason = refusal(entry, expiresAt), !isInFlight {
      never[reason, default: .init()].add(1, example: entry.lead)
      return
    }
    let isCoarse = groups.count >= Self.mostGroups
    var alike = entry
    alike.lead = LeadID(UniqueID(high: 0, low: 0))
    alike.attempts -= alike.withdrawn
    alike.withdrawn = 0
    alike.dueAt = entry.dueAt.rounded(to: isCoarse || entry.dueAt < now ? .hours(1) : .minutes(5))
    let key = Key(
      profile: profile, entry: alike, calls: calls.sorted(),
      expiresAt: expiresAt?.rounded(to: isCoarse ? .hours(1) : .minutes(5)), isInFlight: isInFlight)
    if let index = groupOf[key] {
      groups[index].count += 1
      return
    }
    groupOf[key] = groups.count
    groups.append(
      Forecast.Group(
        callee: profiles[profile], entry: alike, calls: key.calls, expiresAt: key.expiresAt, isInFlight: isInFlight,
        count: 1, example: entry.lead))
  }

  private func refusal(_ entry: QueueEntry, _ expiresAt: Instant?) -> String? {
    if entry.made >= rules.maxCallsPerLead { return RetryDecision.FinalReason.maximumCalls.rawValue }
    if let expiresAt, now >= expiresAt { return "expired" }
    return nil
  }

  private mutating func profile(_ callee: Callee) -> Int {
    if let known = profileOf[callee] { return known }
    profileOf[callee] = profiles.count
    profiles.append(callee)
    return profiles.count - 1
  }
}

extension Instant {
  /// Down to a multiple of a length.
  fileprivate func rounded(to length: Duration) -> Instant {
    let micros = length.microseconds
    return Instant(microsecondsSince1970: microsecondsSince1970 / micros * micros)
  }
}
