import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// Reads every lead that waits, once, and decodes only those that are unlike all before: most leads of a campaign can be
/// reached in one of a few hundred ways.
extension DialStore {
  private static let forecastPage = 20_000

  /// - Parameter running: The rules that put the leads where they are in the queue.
  func census(
    _ rules: CampaignRules, instead running: CampaignRules, now: Instant, in transaction: PostgresTransaction
  ) async throws -> ForecastCensus {
    let refusals = try await transaction.query(
      query("ForecastRefusals"), [DoNotCallList.everybody, rules.tenant], rules.tenant, now)[0]
    var reader = ForecastLeadReader(
      rules: rules, running: running, now: now, gate: gate, isListed: try refusals.get("listed"),
      isWashed: try refusals.get("washed"))
    try await transaction.execute(query("ForecastPlanner"))
    let page = try query("ForecastPage")
    let calling = try await transaction.query(query("ForecastInFlight"), rules.tenant, rules.campaign)
    try await read(calling, areInFlight: true, with: &reader, in: transaction)
    var rows = try await transaction.query(page, rules.tenant, rules.campaign, Self.beginning, Self.forecastPage)
    while let last = rows.last {
      let isLast = rows.count < Self.forecastPage
      let after: LeadID = try last.get(at: 0)
      // The server looks for the next page while this one is read.
      async let following =
        isLast
        ? [] : transaction.query(page, rules.tenant, rules.campaign, after, Self.forecastPage)
      if reader.needsMore(rows) {
        let next = try await following
        try await read(rows, areInFlight: false, with: &reader, in: transaction)
        rows = next
      } else {
        try reader.take(rows)
        rows = try await following
      }
    }
    return reader.census
  }

  private static let beginning = LeadID(UniqueID(high: 0, low: 0))

  /// Takes in leads of which more has to be known than their rows tell.
  private func read(
    _ rows: [PostgresRow], areInFlight: Bool, with reader: inout ForecastLeadReader, in transaction: PostgresTransaction
  ) async throws {
    guard !rows.isEmpty else { return }
    let rules = reader.rules
    var known = ForecastLeadReader.Known()
    let called = try reader.called(rows)
    if !called.isEmpty {
      for row in try await transaction.query(query("ForecastCalls"), rules.tenant, rules.campaign, called) {
        known.calls[try row.get("lead_id")] = try row.get("calls")
      }
    }
    let phones = try reader.phonesToAskAbout(rows)
    if !phones.listed.isEmpty {
      known.facts.doNotCall = try await doNotCall(
        phones.listed, tenant: rules.tenant, campaign: rules.campaign, in: transaction)
    }
    if !phones.washed.isEmpty {
      known.facts.clearances = try await clearances(
        Set(phones.washed.map(Clearance.Key.wash)), tenant: rules.tenant, in: transaction
      ).filter { $0.value.verdict == .refused }
    }
    try reader.take(rows, known, areInFlight: areInFlight)
  }
}

/// Takes in rows of ForecastPage.
struct ForecastLeadReader: Sendable {
  /// What rows do not tell.
  struct Known {
    /// Letters of ForecastCalls.
    var calls: [LeadID: String] = [:]
    var facts = DialFacts()
  }

  let rules: CampaignRules
  private let running: CampaignRules
  private let now: Instant
  private let gate: ClearanceGate
  /// Some number is on a list that counts; some was refused by a register.
  private let isListed: Bool
  private let isWashed: Bool
  private(set) var census: ForecastCensus
  private var reachOf: [[UInt8]: ForecastCensus.Reach] = [:]
  /// Forgotten past this many, since it only saves time.
  private static let mostRemembered = 200_000

  init(
    rules: CampaignRules, running: CampaignRules, now: Instant, gate: ClearanceGate, isListed: Bool, isWashed: Bool
  ) {
    (self.rules, self.running, self.now, self.gate) = (rules, running, now, gate)
    (self.isListed, self.isWashed) = (isListed, isWashed)
    census = ForecastCensus(rules: rules, now: now)
  }

  /// Whether anything has to be asked about these rows before they are taken in.
  func needsMore(_ rows: [PostgresRow]) -> Bool {
    isListed || isWashed || rows.contains { (try? $0.get(at: 5, as: Int.self)) != 0 }
  }

  /// Leads that have been called.
  func called(_ rows: [PostgresRow]) throws -> [LeadID] {
    try rows.filter { try $0.get(at: 5, as: Int.self) > 0 }.map { try $0.get(at: 0) }
  }

  func phonesToAskAbout(_ rows: [PostgresRow]) throws -> (listed: [String], washed: [String]) {
    guard isListed || isWashed else { return ([], []) }
    let phones = try rows.flatMap { try $0.get(at: 1, as: LeadPhones.self).phones }
    return (isListed ? phones : [], isWashed ? phones.filter { $0.hasPrefix("+61") } : [])
  }

  mutating func take(_ rows: [PostgresRow], _ known: Known = Known(), areInFlight: Bool = false) throws {
    var facts = known.facts
    facts.gate = gate
    for row in rows {
      let entry = try entry(row)
      let outline = try row.get(at: 1, as: LeadOutline.self)
      let isKnown = try isSingular(row, facts)
      let reach: ForecastCensus.Reach
      if !isKnown, let remembered = reachOf[outline.key] {
        reach = remembered
      } else {
        let lead = try Lead.decode(row.get(at: 1, as: [UInt8].self))
        reach = census.reach(of: Callee(lead, joinedAt: now), lead: entry.lead, facts: facts)
        if !isKnown {
          if reachOf.count >= Self.mostRemembered { reachOf.removeAll() }
          reachOf[outline.key] = reach
        }
      }
      let lead = Callee(numbers: [], joinedAt: try row.get(at: 2), notAfter: outline.notAfter)
      let calls = known.calls[entry.lead].map { Self.past($0, spent: entry.spentNumbers) } ?? []
      census.add(
        entry, reach, calls: calls,
        expiresAt: lead.expiry(rules), isInFlight: areInFlight)
    }
  }

  /// Whether something is known of one of the lead's phones, so that it is like no other.
  private func isSingular(_ row: PostgresRow, _ facts: DialFacts) throws -> Bool {
    guard !facts.doNotCall.isEmpty || !facts.clearances.isEmpty else { return false }
    return try row.get(at: 1, as: LeadPhones.self).phones.contains {
      facts.doNotCall[$0] != nil || facts.clearances[.wash($0)] != nil
    }
  }

  private func entry(_ row: PostgresRow) throws -> QueueEntry {
    var entry = QueueEntry(
      lead: try row.get(at: 0), rank: try row.get(at: 3), dueAt: try row.get(at: 4), attempts: try row.get(at: 5),
      withdrawn: try row.get(at: 6), nextNumber: try row.get(at: 7), spentNumbers: try row.get(at: 8))
    let end: Instant = try row.get(at: 9)
    entry.notAfter = end == .distantFuture ? nil : end
    entry.avoiding = MinuteRange(start: try row.get(at: 10), end: try row.get(at: 11))
    // As a change of the policy would move it.
    if rules.windows != running.windows, entry.attempts == 0, entry.rank != QueueEntry.requested { entry.dueAt = now }
    return entry
  }

  /// - Parameter spent: A bit for each number that is no good: calls that showed it are taken to be of them in turn.
  private static func past(_ letters: String, spent: Int) -> [ForecastPast] {
    var numbers = (0..<Callee.mostNumbers).filter { spent & (1 << $0) != 0 }[...]
    return letters.map { letter in
      switch letter {
      case "n": ForecastPast(outcome: .noAnswer)
      case "b": ForecastPast(outcome: .busy)
      case "f": ForecastPast(outcome: .failed)
      case "F": ForecastPast(outcome: .failed, isPermanent: true, spentNumber: numbers.popFirst() ?? -1)
      case "w": ForecastPast(outcome: .wrongNumber, spentNumber: numbers.popFirst() ?? -1)
      default: ForecastPast(outcome: .unqualified)
      }
    }
  }
}
