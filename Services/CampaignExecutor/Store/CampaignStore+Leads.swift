import CampaignTerms
import Core
import EventLog
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

/// Leads and their uploads.
extension CampaignStore {
  /// How long an upload is taken to be under way after its last batch. Real time.
  private static let importLease = Duration.minutes(15)
  private static let importsAtATime = 100

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
      try await transaction.execute(query("RenewImport"), tenant, importID, Self.importLease)
      let refused = answer.problems.count { $0.kind == .invalid }
      try await transaction.execute(
        query("InsertImportBatch"), tenant, importID, batch, request.leads.count + request.refused.count,
        Int(answer.added), Int(answer.merged), refused, answer.encoded())
      return answer
    }
  }

  /// Uploads that have broken off without anybody saying so.
  func abandonedImports() async throws -> [(tenant: TenantID, campaign: CampaignID, id: ImportID)] {
    try await pool.query(query("AbandonedImports"), Self.importsAtATime).map {
      (try $0.get("tenant_id"), try $0.get("campaign_id"), try $0.get("import_id"))
    }
  }

  /// Closes an upload; a campaign whose leads are all done was waiting for that.
  func closeImport(
    _ importID: ImportID, campaign: CampaignID, complete: Bool, tenant: TenantID, now: Instant
  ) async throws -> ImportSummary {
    try await pool.transaction(name: "CloseImport") { transaction in
      _ = try await lock(campaign, tenant: tenant, in: transaction)
      guard let row = try await transaction.query(query("LockImport"), tenant, importID, campaign).first else {
        throw RPCError(.notFound, "no upload has the id \(importID)")
      }
      var state: String = try row.get("state")
      if state == "open" {
        state = complete ? "complete" : "broken_off"
        try await transaction.execute(query("CloseImport"), tenant, importID, state)
        try await followProgress(of: campaign, tenant: tenant, now: now, in: transaction)
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
  ///
  /// - Parameter clientKey: When not empty, adding with it again gives the same lead and changes nothing.
  func add(
    _ lead: NewLead, clientKey: String, to campaign: CampaignID, tenant: TenantID, now: Instant
  ) async throws -> AddLeadResponse {
    try await pool.transaction(name: "AddLead") { transaction in
      let known = try await lock(campaign, tenant: tenant, in: transaction)
      if !clientKey.isEmpty,
        let answer = try await added(before: lead, clientKey, to: campaign, tenant: tenant, in: transaction)
      {
        return answer
      }
      try Self.mustTakeLeads(known)
      let taken = try await takeIn(
        [lead], refused: [], of: known, campaign: campaign, tenant: tenant, now: now, in: transaction)
      guard let stored = taken.leads.first, let id = LeadID(stored.leadId) else {
        let problem = taken.answer.problems.first
        throw RPCError(.invalidArgument, "lead.\(problem?.field ?? "phone"): \(problem?.message ?? "refused")")
      }
      var answer = AddLeadResponse()
      answer.lead = stored
      answer.merged = taken.answer.merged == 1
      answer.problems = taken.answer.problems
      if !clientKey.isEmpty {
        try await transaction.execute(
          query("InsertClientKey"), tenant, campaign, clientKey, id, lead.phone, answer.merged)
      }
      return answer
    }
  }

  /// What adding with this key gave the first time; nil when it is the first time.
  private func added(
    before lead: NewLead, _ clientKey: String, to campaign: CampaignID, tenant: TenantID,
    in transaction: PostgresTransaction
  ) async throws -> AddLeadResponse? {
    guard
      let row = try await transaction.query(query("LeadOfClientKey"), tenant, campaign, clientKey).first,
      let stored = try await transaction.query(
        query("LeadByID"), tenant, campaign, row.get("lead_id", as: LeadID.self)
      ).first
    else { return nil }
    guard try row.get("phone", as: String.self) == lead.phone else {
      throw RPCError(.alreadyExists, "client_key: another number was added with it; each lead needs a key of its own")
    }
    var answer = AddLeadResponse()
    answer.lead = try Lead(stored)
    answer.merged = try row.get("merged")
    return answer
  }

  /// Replaces a lead's data, all but its first number; see `LeadIntake.Accepted.editing` for consent.
  func update(
    _ lead: LeadID, of campaign: CampaignID, with new: LeadIntake.Accepted, tenant: TenantID, now: Instant
  ) async throws -> Lead {
    try await pool.transaction(name: "UpdateLead") { transaction in
      _ = try await lock(campaign, tenant: tenant, in: transaction)
      let owners = try await self.owners(
        of: new.numbers.map(\.e164), campaign: campaign, tenant: tenant, in: transaction)
      let others = owners.filter { $0.leadId != lead.description }
      if let taken = new.numbers.first(where: { number in
        others.contains { $0.phone == number.e164 || $0.numbers.contains { $0.phone == number.e164 } }
      }) {
        throw RPCError(
          .alreadyExists, "lead.numbers: \(taken.e164) belongs to another lead of the campaign; nobody is called twice")
      }
      let known = try await transaction.query(query("LeadByID"), tenant, campaign, lead).first.map(Lead.init)
      guard let known else { throw RPCError(.notFound, "no lead has the id \(lead)") }
      let edited: LeadIntake.Accepted
      do throws(LeadIntake.Problem) {
        edited = try new.editing(known.accepted)
      } catch {
        throw RPCError(lead: error)
      }
      guard
        let stored = try await replace([lead: edited], campaign: campaign, tenant: tenant, in: transaction).first
      else { throw RPCError(.notFound, "no lead has the id \(lead)") }
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

  static func mustTakeLeads(_ campaign: Campaign) throws {
    if let state = CampaignLife.State(campaign.state), state.isOver {
      throw RPCError(.failedPrecondition, "the campaign is \(state.rawValue) and takes no more leads")
    }
  }
}
