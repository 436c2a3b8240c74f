import CampaignTerms
import Core
import EventLog
import JSON
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

/// Leads and their uploads.
extension CampaignStore {
  /// Leads in one event.
  private static let leadsPerEvent = 500

  func openImport(
    of campaign: CampaignID, fileName: String, tenant: TenantID, now: Instant
  ) async throws -> ImportID {
    let id = ImportID(newID())
    return try await pool.transaction(name: "OpenImport") { transaction in
      try Self.mustTakeLeads(try await lock(campaign, tenant: tenant, in: transaction))
      try await transaction.execute(query("InsertImport"), tenant, id, campaign, fileName, now)
      return id
    }
  }

  /// Takes in one batch of an upload, once: sent again it gives the same answer.
  func importBatch(
    _ request: ImportLeadsRequest, campaign: CampaignID, importID: ImportID, tenant: TenantID, now: Instant
  ) async throws -> ImportLeadsResponse {
    let batch = Int(request.batch)
    return try await pool.transaction(name: "ImportLeads") { transaction in
      let known = try await lock(campaign, tenant: tenant, in: transaction)
      guard let row = try await transaction.query(query("LockImport"), tenant, importID, campaign).first else {
        throw RPCError(.notFound, "no upload has the id \(importID)")
      }
      if let stored = try await transaction.query(query("ImportBatch"), tenant, importID, batch).first {
        return try ImportLeadsResponse.decode(stored.get("answer", as: [UInt8].self))
      }
      guard try row.get("state", as: String.self) == "open" else {
        throw RPCError(.failedPrecondition, "the upload is closed; open a new one")
      }
      try Self.mustTakeLeads(known)
      let answer = try await takeIn(
        request.leads, refused: request.refused, of: known, campaign: campaign, tenant: tenant, now: now,
        in: transaction
      ).answer
      let refused = answer.problems.count { $0.kind == .invalid }
      try await transaction.execute(
        query("InsertImportBatch"), tenant, importID, batch, request.leads.count + request.refused.count,
        Int(answer.added), Int(answer.merged), refused, answer.encoded())
      return answer
    }
  }

  func closeImport(
    _ importID: ImportID, campaign: CampaignID, complete: Bool, tenant: TenantID
  ) async throws -> ImportSummary {
    try await pool.transaction(name: "CloseImport") { transaction in
      guard let row = try await transaction.query(query("LockImport"), tenant, importID, campaign).first else {
        throw RPCError(.notFound, "no upload has the id \(importID)")
      }
      var state: String = try row.get("state")
      if state == "open" {
        state = complete ? "complete" : "broken_off"
        try await transaction.execute(query("CloseImport"), tenant, importID, state)
      }
      var summary = ImportSummary()
      summary.importId = importID.description
      summary.fileName = try row.get("file_name")
      summary.complete = state == "complete"
      if let sums = try await transaction.query(query("ImportSums"), tenant, importID).first {
        summary.rows = try sums.get("rows")
        summary.added = try sums.get("added")
        summary.merged = try sums.get("merged")
        summary.refused = try sums.get("refused")
      }
      return summary
    }
  }

  /// Adds one lead, or merges it into the one with its number.
  func add(
    _ lead: NewLead, to campaign: CampaignID, tenant: TenantID, now: Instant
  ) async throws -> AddLeadResponse {
    try await pool.transaction(name: "AddLead") { transaction in
      let known = try await lock(campaign, tenant: tenant, in: transaction)
      try Self.mustTakeLeads(known)
      let taken = try await takeIn(
        [lead], refused: [], of: known, campaign: campaign, tenant: tenant, now: now, in: transaction)
      guard let stored = taken.leads.first else {
        let problem = taken.answer.problems.first
        throw RPCError(.invalidArgument, "lead.\(problem?.field ?? "phone"): \(problem?.message ?? "refused")")
      }
      var answer = AddLeadResponse()
      answer.lead = stored
      answer.merged = taken.answer.merged == 1
      return answer
    }
  }

  /// Replaces a lead's data, all but its number.
  func update(
    _ lead: LeadID, of campaign: CampaignID, with new: LeadIntake.Candidate, tenant: TenantID, now: Instant
  ) async throws -> Lead {
    try await pool.transaction(name: "UpdateLead") { transaction in
      let rows = try await transaction.query(
        query("ReplaceLead"), tenant, campaign, lead, new.firstName, new.lastName, new.company, new.email,
        new.timeZone, JSONValue(attributes: new.attributes))
      guard let row = rows.first else { throw RPCError(.notFound, "no lead has the id \(lead)") }
      let stored = try Lead(row)
      try await tell(updated: [stored], campaign: campaign, tenant: tenant, now: now, in: transaction)
      return stored
    }
  }

  func lead(_ lead: LeadID, of campaign: CampaignID, tenant: TenantID) async throws -> Lead? {
    try await pool.query(query("LeadByID"), tenant, campaign, lead).first.map(Lead.init)
  }

  func leads(
    of campaign: CampaignID, tenant: TenantID, after: LeadID, state: String?, outcome: Telephony.CallOutcome?,
    limit: Int
  ) async throws -> [Lead] {
    try await pool.query(query("LeadsPage"), tenant, campaign, after, state, outcome?.rawValue, limit).map(Lead.init)
  }

  private static func mustTakeLeads(_ campaign: Campaign) throws {
    if let state = CampaignLife.State(campaign.state), state.isOver {
      throw RPCError(.failedPrecondition, "the campaign is \(state.rawValue) and takes no more leads")
    }
  }

  private func takeIn(
    _ new: [NewLead], refused: [LeadProblem], of known: Campaign, campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> (answer: ImportLeadsResponse, leads: [Lead]) {
    var answer = ImportLeadsResponse()
    answer.problems = refused
    let region = known.policy.flatMap { $0.defaultRegion.isEmpty ? nil : $0.defaultRegion }
    var accepted: [LeadIntake.Accepted] = []
    for lead in new {
      do {
        accepted.append(try LeadIntake.accept(.init(lead), defaultRegion: region))
      } catch {
        answer.problems.append(LeadProblem(error))
      }
    }
    let merged = LeadIntake.merge(accepted)
    answer.problems += merged.problems.map(LeadProblem.init)
    answer.merged = Int32(merged.problems.count)
    guard !merged.leads.isEmpty else { return (answer, []) }
    let stored = try await upsert(merged.leads, campaign: campaign, tenant: tenant, now: now, in: transaction)
    let lines = Dictionary(merged.leads.map { ($0.e164, $0.candidate.line) }) { first, _ in first }
    for lead in stored.known {
      answer.merged += 1
      answer.problems.append(
        LeadProblem(
          .init(
            line: lines[lead.phone] ?? 0, kind: .duplicate, field: "phone",
            message: "\(lead.phone) is in the campaign already; the row was merged into that lead")))
    }
    answer.added = Int32(stored.added.count)
    answer.problems.sort { $0.line < $1.line }
    try await tell(added: stored.added, campaign: campaign, tenant: tenant, now: now, in: transaction)
    try await tell(updated: stored.known, campaign: campaign, tenant: tenant, now: now, in: transaction)
    var change = ProgressChange()
    change.leads = stored.added.count
    try await move(change, campaign: campaign, tenant: tenant, in: transaction)
    return (answer, stored.added + stored.known)
  }

  private func upsert(
    _ leads: [LeadIntake.Accepted], campaign: CampaignID, tenant: TenantID, now: Instant,
    in transaction: PostgresTransaction
  ) async throws -> (added: [Lead], known: [Lead]) {
    // In the order of their numbers, so that two uploads cannot wait for each other.
    let sorted = leads.sorted { $0.e164 < $1.e164 }
    let people = sorted.map(\.candidate)
    let ids = Dictionary(uniqueKeysWithValues: leads.map { ($0.e164, LeadID(newID())) })  // Ids in the order of lines.
    let rows = try await transaction.query(
      query("UpsertLeads"), tenant, campaign, sorted.compactMap { ids[$0.e164] }, sorted.map(\.e164),
      sorted.map(\.region), people.map(\.firstName), people.map(\.lastName), people.map(\.company),
      people.map(\.email), people.map(\.timeZone), people.map { JSONValue(attributes: $0.attributes) }, now)
    var added: [Lead] = []
    var known: [Lead] = []
    for row in rows {
      if try row.get("added") { added.append(try Lead(row)) } else { known.append(try Lead(row)) }
    }
    return (added, known)
  }

  private func tell(
    added leads: [Lead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    for start in stride(from: 0, to: leads.count, by: Self.leadsPerEvent) {
      var event = LeadsAdded()
      event.campaignId = campaign.description
      event.leads = Array(leads[start..<min(start + Self.leadsPerEvent, leads.count)])
      try await events.append(
        [NewEvent(key: event.campaignId, message: event)], in: transaction, at: now, tenant: tenant)
    }
  }

  private func tell(
    updated leads: [Lead], campaign: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    guard !leads.isEmpty else { return }
    try await events.append(
      leads.map { lead in
        var event = LeadUpdated()
        event.lead = lead
        return NewEvent(key: campaign.description, message: event)
      }, in: transaction, at: now, tenant: tenant)
  }
}
