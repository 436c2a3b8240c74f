import CampaignTerms
import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

/// Versions of policies, copies of campaigns, and leads that are called once more.
extension CampaignStore {
  func policyVersions(
    of id: CampaignID, tenant: TenantID, below: Int, limit: Int
  ) async throws -> [PolicyVersion] {
    try await pool.query(query("PolicyVersions"), tenant, id, below, limit).map(PolicyVersion.init)
  }

  func policyVersion(_ version: Int, of id: CampaignID, tenant: TenantID) async throws -> PolicyVersion? {
    try await pool.query(query("PolicyVersion"), tenant, id, version).first.map(PolicyVersion.init)
  }

  /// A new draft with this policy and the first of the leads chosen; `LeadCopier` brings those after them.
  func clone(
    _ source: CampaignID, policy: CampaignPolicy, openLeads: Bool, outcomes: [Telephony.CallOutcome],
    tenant: TenantID, actor: String, now: Instant
  ) async throws -> Campaign {
    let id = CampaignID(newID())
    return try await pool.transaction(name: "CloneCampaign") { transaction in
      let draft = try await create(id, policy, tenant: tenant, actor: actor, now: now, in: transaction)
      if openLeads || !outcomes.isEmpty {
        try await transaction.execute(
          query("InsertCopy"), tenant, id, source, openLeads, outcomes.map(\.rawValue))
        try await copyPage(into: draft, id, tenant: tenant, now: now, in: transaction)
      }
      return draft
    }
  }

  /// Campaigns of all tenants whose leads are still being copied.
  func copiesUnderWay() async throws -> [(tenant: TenantID, campaign: CampaignID)] {
    try await pool.query(query("CopiesUnderWay")).map { (try $0.get("tenant_id"), try $0.get("campaign_id")) }
  }

  /// Whether leads are still to come into a campaign that is a clone itself.
  func isBeingCopied(into id: CampaignID, tenant: TenantID) async throws -> Bool {
    try await !pool.query(query("CopyOf"), tenant, id).isEmpty
  }

  /// Copies the next leads. Ends with the last of them, or when the campaign is over.
  func copyPage(into id: CampaignID, tenant: TenantID, now: Instant) async throws {
    try await pool.transaction(name: "CopyLeads") { transaction in
      let campaign = try await lock(id, tenant: tenant, in: transaction)
      if let state = CampaignLife.State(campaign.state), state.isOver {
        try await transaction.execute(query("EndCopy"), tenant, id)
      } else {
        try await copyPage(into: campaign, id, tenant: tenant, now: now, in: transaction)
      }
    }
  }

  private func copyPage(
    into known: Campaign, _ id: CampaignID, tenant: TenantID, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    // Another instance may have ended it meanwhile.
    guard let copy = try await transaction.query(query("CopyOf"), tenant, id).first else { return }
    let page = try await transaction.query(
      query("LeadsToClone"), tenant, copy.get("source_id", as: CampaignID.self), copy.get("after", as: LeadID.self),
      copy.get("open_leads", as: Bool.self), copy.get("outcomes", as: [String].self), copiedAtOnce
    ).map(Lead.init)
    // Leads with the same numbers may have been uploaded beside it.
    _ = try await takeIn(
      accepted: page.map(\.accepted), of: known, campaign: id, tenant: tenant, now: now, in: transaction)
    if page.count == copiedAtOnce, let last = page.last.flatMap({ LeadID($0.leadId) }) {
      try await transaction.execute(query("MoveCopy"), tenant, id, last)
    } else {
      try await transaction.execute(query("EndCopy"), tenant, id)
      try await followProgress(of: id, tenant: tenant, now: now, in: transaction)
    }
  }

  /// Puts done leads with these outcomes back into the queue, as far as the policy allows them another call.
  ///
  /// - Parameter cursor: The last lead of the request before; nil: from the first one on.
  func recycle(
    _ id: CampaignID, outcomes: [Telephony.CallOutcome], after cursor: LeadID? = nil, tenant: TenantID, actor: String,
    now: Instant
  ) async throws -> RecycleLeadsResponse {
    try await pool.transaction(name: "RecycleLeads") { transaction in
      let campaign = try await lock(id, tenant: tenant, in: transaction)
      guard campaign.state == .active || campaign.state == .paused, let policy = campaign.policy else {
        throw RPCError(
          .failedPrecondition, "only an active or paused campaign can call leads again; clone this one with its leads")
      }
      let most = try CampaignTerms(policy).maxCallsPerLead
      let words = outcomes.map(\.rawValue)
      var response = RecycleLeadsResponse()
      if cursor == nil {
        response.exhausted =
          try await transaction.query(query("ExhaustedLeads"), tenant, id, words, most).first?.get("leads") ?? 0
      }
      var after = cursor ?? LeadID(UniqueID(high: 0, low: 0))
      while true {
        let room = mostRecycled - Int(response.recycled)
        let leads = try await transaction.query(
          query("ReopenLeads"), tenant, id, after, words, most, min(Self.leadsPerEvent, room)
        ).map(Lead.init)
        guard let last = leads.compactMap({ LeadID($0.leadId) }).max() else { break }
        try await tell(recycled: leads, campaign: id, tenant: tenant, now: now, in: transaction)
        try await move(ProgressChange(reopened: leads), campaign: id, tenant: tenant, in: transaction)
        response.recycled += Int64(leads.count)
        after = last
        if leads.count == room {
          response.nextCursor = last.description
          break
        }
      }
      if response.recycled > 0 {
        let state = CampaignLife.State(campaign.state)?.rawValue ?? ""
        try await transaction.execute(
          query("InsertAudit"), tenant, id, state, state, actor,
          "\(response.recycled) leads are called again: \(words.joined(separator: ", "))", now)
      }
      return response
    }
  }
}

extension ProgressChange {
  /// Leads that were done and wait again.
  init(reopened leads: [Lead]) {
    self.init()
    for lead in leads {
      reopen(
        outcome: Telephony.CallOutcome(lead.outcome), reason: lead.doneReason, attempts: Int(lead.attempts))
    }
  }

  /// Takes back what was counted for a lead that was done and waits again.
  mutating func reopen(outcome: Telephony.CallOutcome?, reason: String, attempts: Int) {
    done -= 1
    if attempts > 0 { retriesWaiting += 1 }
    if outcome == .qualified || outcome == .callbackRequested { successful -= 1 }
    count(outcome?.rawValue ?? reason, .lead, by: -1)
  }
}

extension PolicyVersion {
  init(_ row: PostgresRow) throws {
    self.init()
    version = Int32(try row.get("policy_version", as: Int.self))
    policy = try CampaignPolicy.decode(row.get("policy", as: [UInt8].self))
    actor = try row.get("actor")
    madeAt = Timestamp(try row.get("made_at", as: Instant.self))
  }
}
