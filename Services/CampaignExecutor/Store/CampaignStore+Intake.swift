import CampaignTerms
import Core
import EventLog
import JSON
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// How leads come into a campaign, whose row the transaction has locked: one batch after the other, so that what is known of
/// the numbers in it stays true until the end.
extension CampaignStore {
  /// Leads in one event.
  static let leadsPerEvent = 500

  /// Checks and stores a batch. Answers what came of it, and the leads that are new or changed.
  func takeIn(
    _ new: [NewLead], refused: [LeadProblem], of known: Campaign, campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> (answer: ImportLeadsResponse, leads: [Lead]) {
    var answer = ImportLeadsResponse()
    answer.problems = refused
    let region = known.policy.flatMap { $0.defaultRegion.isEmpty ? nil : $0.defaultRegion }
    var accepted: [LeadIntake.Accepted] = []
    for lead in new {
      do {
        accepted.append(try LeadIntake.accept(LeadIntake.Candidate(lead), defaultRegion: region))
      } catch {
        answer.problems.append(LeadProblem(error))
      }
    }
    let (settled, leads) = try await takeIn(
      accepted: accepted, of: known, campaign: campaign, tenant: tenant, now: now, in: transaction)
    answer.problems += settled.problems.map(LeadProblem.init)
    answer.problems.sort { $0.line < $1.line }
    answer.merged = Int32(settled.mergedRows)
    answer.added = Int32(settled.new.count)
    return (answer, leads)
  }

  /// Stores leads beside those that are there. Answers what became of them, and the leads that are new or changed.
  func takeIn(
    accepted: [LeadIntake.Accepted], of known: Campaign, campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> (settled: LeadIntake.Settlement, leads: [Lead]) {
    guard !accepted.isEmpty else { return (LeadIntake.Settlement(), []) }
    let numbers = accepted.flatMap { [$0.e164] + $0.numbers.map(\.e164) }
    var holders: [LeadID: LeadIntake.Accepted] = [:]
    for lead in try await owners(of: numbers, campaign: campaign, tenant: tenant, in: transaction) {
      if let id = LeadID(lead.leadId) { holders[id] = lead.accepted }
    }
    let settled = LeadIntake.settle(accepted, known: holders)
    let added = try await insert(
      settled.new, into: known, campaign: campaign, tenant: tenant, now: now, in: transaction)
    let changed = try await replace(settled.merged, campaign: campaign, tenant: tenant, in: transaction)
    try await tell(updated: changed, campaign: campaign, tenant: tenant, now: now, in: transaction)
    return (settled, added + changed)
  }

  /// The leads of the campaign that have one of these numbers, which nobody else changes until the transaction ends.
  func owners(
    of numbers: [String], campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> [Lead] {
    let ids: [LeadID] = try await transaction.query(query("OwnersOfNumbers"), tenant, campaign, numbers).map {
      try $0.get("lead_id")
    }
    return ids.isEmpty ? [] : try await transaction.query(query("LockLeads"), tenant, campaign, ids).map(Lead.init)
  }

  /// Stores leads whose numbers nobody has, counts them and tells of them.
  func insert(
    _ leads: [LeadIntake.Accepted], into known: Campaign, campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> [Lead] {
    guard !leads.isEmpty else { return [] }
    let ids = leads.map { _ in LeadID(newID()) }.sorted()  // Ascending in the order of lines.
    let people = leads.map(\.candidate)
    let start = known.policy.flatMap(LeadSequence.init)?.start(joined: now)
    let insert = PostgresStatement(
      try query("InsertLeads"), tenant, campaign, ids, leads.map(\.e164), leads.map(\.region),
      people.map(\.firstName), people.map(\.lastName), people.map(\.company), people.map(\.email),
      people.map(\.timeZone), people.map { JSONValue(attributes: $0.attributes) }, people.map(\.consent.rawValue),
      leads.map { JSONValue(numbers: $0.numbers) }, people.map(\.country), people.map(\.subdivision),
      people.map(\.notAfter), now, start?.step ?? 0, start?.dueAt)
    async let stored = transaction.run([insert])
    // Made while the database stores them. With a sequence, the dialer hears of a lead when its call is due.
    let added = zip(ids, leads).map { Lead($1, id: $0, campaign: campaign, joined: now, start: start) }
    let told = start == nil ? Self.events(added: added, numbers: leads.map(\.records), campaign: campaign) : []
    _ = try await stored
    try await insertNumbers(
      of: zip(ids, leads).map { ($0, $1) }, campaign: campaign, tenant: tenant, in: transaction)
    try events.append(told, in: transaction, at: now, tenant: tenant)
    var change = ProgressChange()
    change.leads = added.count
    try await move(change, campaign: campaign, tenant: tenant, in: transaction)
    return added
  }

  /// Stores other data of leads that are there. Their further numbers are nobody else's.
  func replace(
    _ leads: [LeadID: LeadIntake.Accepted], campaign: CampaignID, tenant: TenantID,
    in transaction: PostgresTransaction
  ) async throws -> [Lead] {
    guard !leads.isEmpty else { return [] }
    let sorted = leads.sorted { $0.key < $1.key }
    let (ids, people) = (sorted.map(\.key), sorted.map(\.value.candidate))
    let changed = try await transaction.query(
      query("ReplaceLeads"), tenant, campaign, ids, people.map(\.firstName), people.map(\.lastName),
      people.map(\.company), people.map(\.email), people.map(\.timeZone),
      people.map { JSONValue(attributes: $0.attributes) }, people.map(\.consent.rawValue),
      sorted.map { JSONValue(numbers: $0.value.numbers) }, people.map(\.country), people.map(\.subdivision),
      people.map(\.notAfter)
    ).map(Lead.init)
    guard !changed.isEmpty else { return [] }
    try await transaction.execute(query("ForgetNumbers"), tenant, campaign, ids)
    try await insertNumbers(
      of: sorted.map { ($0.key, $0.value) }, campaign: campaign, tenant: tenant, in: transaction)
    return changed
  }

  private func insertNumbers(
    of leads: [(LeadID, LeadIntake.Accepted)], campaign: CampaignID, tenant: TenantID,
    in transaction: PostgresTransaction
  ) async throws {
    let numbers = leads.flatMap { id, lead in lead.numbers.map { (id, $0.e164) } }
    guard !numbers.isEmpty else { return }
    try await transaction.execute(
      query("InsertNumbers"), tenant, campaign, numbers.map { $0.1 }, numbers.map { $0.0 })
  }

  /// Tells the dialer of leads that may be called.
  func tell(
    added leads: [Lead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try events.append(
      Self.events(added: leads, numbers: [], campaign: campaign), in: transaction, at: now, tenant: tenant)
  }

  /// - Parameter numbers: The records of each lead's numbers, in step with `leads`; empty when they are not known.
  private static func events(added leads: [Lead], numbers: [String], campaign: CampaignID) -> [NewEvent] {
    parts(of: leads.count).map { part in
      var event = LeadsAdded()
      event.campaignId = campaign.description
      event.leads = Array(leads[part])
      event.numbers = numbers.isEmpty ? [] : Array(numbers[part])
      return NewEvent(key: event.campaignId, message: event)
    }
  }

  /// Tells the dialer of leads that were done and may be called again.
  func tell(
    recycled leads: [Lead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    let told = Self.parts(of: leads.count).map { part in
      var event = LeadsRecycled()
      event.campaignId = campaign.description
      event.leads = Array(leads[part])
      return NewEvent(key: event.campaignId, message: event)
    }
    try events.append(told, in: transaction, at: now, tenant: tenant)
  }

  func tell(
    updated leads: [Lead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    try events.append(
      leads.map { lead in
        var event = LeadUpdated()
        event.lead = lead
        return NewEvent(key: campaign.description, message: event)
      }, in: transaction, at: now, tenant: tenant)
  }

  /// Which of `count` leads go into one event each.
  private static func parts(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: leadsPerEvent).map { $0..<min($0 + leadsPerEvent, count) }
  }
}
