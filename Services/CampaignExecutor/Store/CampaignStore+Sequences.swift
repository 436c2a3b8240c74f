import CampaignTerms
import Core
import EventLog
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// How leads move through the sequences of their campaigns.
extension CampaignStore {
  /// A campaign that has something to do.
  struct DueCampaign: Sendable {
    var tenant: TenantID
    var id: CampaignID
    /// Nil when an edit took it away: its leads are called at once.
    var sequence: LeadSequence?
  }

  /// Where a lead is in its sequence.
  struct SequencePlace: Sendable {
    var step: Int
    var joined: Instant
    var attempts: Int
  }

  private static let mostCampaigns = 50
  /// Leads moved in one transaction.
  static let stepBatch = 500

  /// Active campaigns with leads whose step is due, of all tenants.
  func campaignsWithDueSteps(now: Instant) async throws -> [DueCampaign] {
    try await pool.query(query("CampaignsWithDueSteps"), now, Self.mostCampaigns).map { row in
      DueCampaign(
        tenant: try row.get("tenant_id"), id: try row.get("campaign_id"),
        sequence: LeadSequence(try CampaignPolicy.decode(row.get("policy", as: [UInt8].self))))
    }
  }

  /// The sequence of a campaign, if it has one.
  func sequence(
    of campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> LeadSequence? {
    try await transaction.query(query("CampaignByID"), tenant, campaign).first.map(Campaign.init)?.policy.flatMap {
      LeadSequence($0)
    }
  }

  func place(
    of lead: LeadID, campaign: CampaignID, tenant: TenantID, in transaction: PostgresTransaction
  ) async throws -> SequencePlace? {
    guard let row = try await transaction.query(query("LeadStep"), tenant, campaign, lead).first else { return nil }
    return SequencePlace(
      step: try row.get("sequence_step"), joined: try row.get("created_at"), attempts: try row.get("attempts"))
  }

  /// Puts a lead whose call is over to its next step.
  func move(
    _ lead: LeadID, of campaign: CampaignID, tenant: TenantID, to position: LeadSequence.Position,
    in transaction: PostgresTransaction
  ) async throws {
    try await transaction.execute(
      query("MoveSteps"), tenant, campaign, [lead], [position.step], [Optional(position.dueAt)])
  }

  /// Does the steps that are due in a campaign: tells follow-up of emails and the dialer of leads to call. Answers how many
  /// leads it moved; other instances move others meanwhile.
  func moveDueSteps(of campaign: DueCampaign, now: Instant) async throws -> Int {
    try await pool.transaction(name: "MoveDueSteps") { transaction in
      let rows = try await transaction.query(
        query("LeadsWithDueSteps"), campaign.tenant, campaign.id, now, Self.stepBatch)
      var moves = StepMoves()
      for row in rows {
        moves.add(
          try Lead(row), id: try row.get("lead_id"), joined: try row.get("created_at"),
          isAtDialer: try row.get("at_dialer"), sequence: campaign.sequence, now: now)
      }
      try await transaction.execute(
        query("MoveSteps"), campaign.tenant, campaign.id, moves.ids, moves.steps, moves.dueTimes)
      try events.append(moves.emails, in: transaction, at: now, tenant: campaign.tenant)
      try await tell(
        added: moves.added, campaign: campaign.id, tenant: campaign.tenant, now: now, in: transaction)
      try await tell(
        recycled: moves.recycled, campaign: campaign.id, tenant: campaign.tenant, now: now, in: transaction)
      let ended =
        moves.ended.isEmpty
        ? []
        : try await transaction.query(query("EndSequences"), campaign.tenant, campaign.id, moves.ended).map(Lead.init)
      try await tell(completed: ended, tenant: campaign.tenant, now: now, in: transaction)
      var change = ProgressChange()
      for lead in ended { change.end(lead) }
      change.retriesWaiting += moves.recycled.count { $0.attempts > 0 }
      try await move(change, campaign: campaign.id, tenant: campaign.tenant, in: transaction)
      if !ended.isEmpty {
        try await followProgress(of: campaign.id, tenant: campaign.tenant, now: now, in: transaction)
      }
      return rows.count
    }
  }
}

/// What the due steps of some leads come to.
private struct StepMoves {
  var ids: [LeadID] = []
  var steps: [Int] = []
  /// Nil: the lead is the dialer's.
  var dueTimes: [Instant?] = []
  var emails: [NewEvent] = []
  var added: [Lead] = []
  var recycled: [Lead] = []
  var ended: [LeadID] = []

  mutating func add(
    _ lead: Lead, id: LeadID, joined: Instant, isAtDialer: Bool, sequence: LeadSequence?, now: Instant
  ) {
    let step = Int(lead.sequenceStep)
    guard let sequence else { return call(lead, id, step: 0, isAtDialer: isAtDialer) }
    switch sequence.kind(of: step) {
    case .call: call(lead, id, step: step, isAtDialer: isAtDialer)
    case .email:
      // Nobody can be written to without an address; the step passes.
      if !lead.email.isEmpty {
        var event = EmailStepDue()
        event.lead = lead
        event.step = lead.sequenceStep
        event.dueAt = lead.stepDueAt
        emails.append(NewEvent(key: lead.campaignId, message: event))
      }
      guard let next = sequence.position(after: step, outcome: nil, joined: joined, now: now) else {
        return ended.append(id)
      }
      move(id, step: next.step, dueAt: next.dueAt)
    case nil: ended.append(id)
    }
  }

  private mutating func call(_ lead: Lead, _ id: LeadID, step: Int, isAtDialer: Bool) {
    move(id, step: step, dueAt: nil)
    var told = lead
    told.sequenceStep = Int32(step)
    told.stepDueAt = nil
    if isAtDialer { recycled.append(told) } else { added.append(told) }
  }

  private mutating func move(_ id: LeadID, step: Int, dueAt: Instant?) {
    ids.append(id)
    steps.append(step)
    dueTimes.append(dueAt)
  }
}

extension ProgressChange {
  /// A lead has its final outcome.
  mutating func end(_ lead: Lead) {
    let outcome = Telephony.CallOutcome(lead.outcome)
    done += 1
    if outcome == .qualified || outcome == .callbackRequested { successful += 1 }
    count(outcome?.rawValue ?? lead.doneReason, .lead)
  }
}
