import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Wire

@testable import AutoDialer

/// Asks the dialer, at random instants, why a lead is called or not, and holds the answer against what the dialer does
/// at that instant, what it does afterwards, and what the carrier remembers.
struct Inquirer: Sendable {
  let world: World
  let dialer: Dialer

  private var witness: Witness { world.witness }
  private var draws: Draws { world.draws }

  /// A lead that somebody asks about.
  private struct Subject {
    var tenant: TenantID
    var campaign: CampaignID
    var lead: LeadID

    init(_ row: PostgresRow) throws {
      tenant = try row.get("tenant_id")
      campaign = try row.get("campaign_id")
      lead = try row.get("lead_id")
    }

    init(_ placement: Witness.Placement) {
      (tenant, campaign, lead) = (placement.tenant, placement.campaign, placement.lead)
    }
  }

  /// One question about a lead now, and one about a call that was.
  func ask() async throws {
    if let subject = try await subject() { try await askAboutNow(subject) }
    if let (placement, endedAt) = witness.placement(draws) { try await askAboutThen(placement, endedAt: endedAt) }
  }

  /// Any lead, or one of the next to be called.
  private func subject() async throws -> Subject? {
    let sql =
      draws.chance(0.5)
      ? """
      select q.tenant_id, q.campaign_id, q.lead_id from dialer.queue q join dialer.campaign c using (tenant_id, campaign_id)
      where c.state = 'active' order by q.due_at, q.lead_id limit 1 offset \(draws.integer(0...8))
      """
      : """
      select tenant_id, campaign_id, lead_id from dialer.task where lead_id >= '\(world.newID())'
      order by lead_id limit 1
      """
    return try await world.database.admin.sql(sql).first.map(Subject.init)
  }

  private func explain(_ subject: Subject, at instant: Instant?) async throws -> LeadExplanation {
    var request = ExplainLeadRequest()
    request.campaignId = subject.campaign.description
    request.leadId = subject.lead.description
    request.at = instant.map(Timestamp.init)
    return try await dialer.insight.explainLead(
      request, context: CallContext(tenant: subject.tenant.description, actor: "inquirer"))
  }

  // MARK: Now

  private func askAboutNow(_ subject: Subject) async throws {
    let now = world.clock.now()
    let told = try await explain(subject, at: nil)
    witness.count("explained: \(told.verdict)")
    let words = "\(told.verdict): \(told.summary)"
    switch told.verdict {
    case .wait where told.nextAt != nil:
      let nextAt = told.nextAt?.instant ?? now
      witness.promise(subject.lead, .init(madeAt: now, notBefore: nextAt, words: words))
      try await askAhead(subject, nextAt, told)
    case .never, .done: witness.promise(subject.lead, .init(madeAt: now, words: words))
    case .wait, .dial, .inFlight, .unknownThen, .unspecified, .unrecognized: break
    }
    try await compare(told, with: subject, now: now)
  }

  /// What it names as the next time is one at which it says yes, unless a limit says no.
  private func askAhead(_ subject: Subject, _ nextAt: Instant, _ told: LeadExplanation) async throws {
    guard nextAt > dialer.host.clock.now() else { return }
    let then = try await explain(subject, at: nextAt)
    guard then.verdict != .dial, then.campaignState == .active, then.limit?.callsLeft != 0 else { return }
    witness.blame(
      "\(world.clock.now()): said \"\(told.summary)\", and of that time \"\(then.summary)\"", lead: subject.lead)
  }

  /// A claim of the same instant does as was said.
  private func compare(_ told: LeadExplanation, with subject: Subject, now: Instant) async throws {
    let known = try await dialer.store.activeCampaigns().campaigns.first { $0.rules.campaign == subject.campaign }
    guard let known else {
      if told.verdict == .dial {
        witness.blame("\(now): said \"\(told.summary)\" of a campaign that is not active", lead: subject.lead)
      }
      return
    }
    guard let claim = try await dialer.claim(known, most: Self.most, from: ClaimPlaces()) else { return }
    let claimed = claim.attempts.first { $0.permit.leadId == subject.lead.description }
    if claimed != nil, told.verdict != .dial {
      witness.blame("\(now): said \"\(told.summary)\" and permitted a call at once", lead: subject.lead)
    } else if let claimed, let number = told.numbers.first(where: { $0.verdict == .dial }),
      number.phone != claimed.permit.to
    {
      witness.blame("\(now): said \(number.phone) and permitted a call to \(claimed.permit.to)", lead: subject.lead)
    }
    let room = min(Self.most, Int(told.limit?.callsLeft ?? 0))
    if claimed == nil, told.verdict == .dial, claim.taken < room {
      witness.blame(
        "\(now): said \"\(told.summary)\" and did not claim it, though only \(claim.taken) of \(room) were taken",
        lead: subject.lead)
    }
  }

  private static let most = 500

  // MARK: Then

  /// The answer about a time that is over agrees with the carrier's memory.
  private func askAboutThen(_ placement: Witness.Placement, endedAt: Instant?) async throws {
    let subject = Subject(placement)
    let now = dialer.host.clock.now()
    let end = min(endedAt ?? now, now)
    if placement.at < end {
      let during = placement.at + .microseconds(placement.at.duration(to: end).microseconds / 2)
      let told = try await explain(subject, at: during)
      if told.verdict != .inFlight {
        witness.blame("of \(during), when it was on call \(placement.call): \"\(told.summary)\"", lead: subject.lead)
      }
      try await compare(told, with: subject, at: during)
    }
    let before = placement.grantedAt - .milliseconds(1)
    // With which rules a call was judged is known but for the moment of its judgement.
    let ends = witness.calls(of: subject.lead, by: before).compactMap { witness.ended($0) }
    guard !witness.isWashed(placement.to),
      !([before] + ends.map { $0 + Witness.grace }).contains(where: {
        witness.hasChanged(placement.campaign, around: $0)
      })
    else { return }
    let told = try await explain(subject, at: before)
    witness.count("explained of the past: \(told.verdict)")
    if told.verdict != .dial {
      witness.blame("of \(before), just before its call was permitted: \"\(told.summary)\"", lead: subject.lead)
    }
    try await compare(told, with: subject, at: before)
  }

  private func compare(_ told: LeadExplanation, with subject: Subject, at instant: Instant) async throws {
    let told = Set(told.attempts.compactMap { $0.permit?.callId })
    for call in witness.calls(of: subject.lead, by: instant - Witness.tolerance)
    where !told.contains(call.description) {
      witness.blame("of \(instant): nothing is said about call \(call)", lead: subject.lead)
    }
  }
}
