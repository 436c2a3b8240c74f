import Core
import Postgres

/// What must hold when everything is over.
extension Audit {
  func everything() async throws {
    try await invariants()
    try await nothingIsLeft()
    try await everybodyIsThere()
    try await carrierAgrees()
    try await sumsAgree()
    try await capsHeld()
    try await listsHeld()
    try await wishesSettled()
    try await budgetsAgree()
  }

  private func nothingIsLeft() async throws {
    let left = [
      ("leads without an end", "select 1 from campaign.lead where state <> 'done'"),
      ("open tasks of the dialer", "select 1 from dialer.task where state <> 'done'"),
      ("wishes that are not settled", "select 1 from dialer.scheduled_call where state = 'scheduled'"),
      ("entries in the queue", "select 1 from dialer.queue"),
      ("slots that are held", "select 1 from dialer.under_way where slot_until is not null"),
      (
        "attempts that are not settled",
        "select 1 from dialer.attempt where state in ('permitted', 'placed', 'dial_unknown')"
      ),
      ("attempts without an outcome", "select 1 from dialer.attempt where state = 'ended' and outcome is null"),
      ("calls of the bridge that are not finished", "select 1 from media.call where finished_at is null"),
      ("calls of the tracker without an outcome", "select 1 from outcome.call where outcome is null"),
      (
        "leads that the dialer does not know",
        "select 1 from campaign.lead l where not exists (select 1 from dialer.task t where t.lead_id = l.lead_id)"
      ),
    ]
    for (what, sql) in left {
      let count = try await count(sql)
      if count > 0 { witness.blame("\(what): \(count)") }
    }
  }

  /// No lead that a campaign took is missing.
  private func everybodyIsThere() async throws {
    var stored: [CampaignID: Set<String>] = [:]
    for row in try await rows("select campaign_id, phone from campaign.lead") {
      stored[try row.get("campaign_id"), default: []].insert(try row.get("phone"))
    }
    for (campaign, phones) in world.given {
      let lost = phones.subtracting(stored[campaign] ?? [])
      if !lost.isEmpty { witness.blame("\(lost.count) leads of campaign \(campaign) were taken and are not there") }
    }
  }

  /// Each call at the carrier belongs to an attempt that says so, and the other way round.
  private func carrierAgrees() async throws {
    var known: Set<CallID> = []
    for row in try await rows("select call_id, withdrawn from media.call where provider_call_id is not null") {
      let call: CallID = try row.get("call_id")
      known.insert(call)
      if try row.get("withdrawn") { witness.blame("call \(call) was placed and withdrawn") }
    }
    for call in witness.attempts.keys where !known.contains(call) {
      witness.blame("the carrier had call \(call), of which the bridge knows nothing")
    }
    for call in known where witness.attempts[call] == nil {
      witness.blame("the bridge says that call \(call) was placed, the carrier has never heard of it")
    }
    let silent = try await count(
      """
      select 1 from dialer.attempt a where a.state <> 'withdrawn'
        and not exists (select 1 from media.call m where m.call_id = a.call_id and not m.withdrawn)
      """)
    if silent > 0 { witness.blame("\(silent) attempts count against their leads and were never asked of the bridge") }
    let back = try await count(
      """
      select 1 from dialer.attempt a join media.call m using (call_id) where a.state = 'withdrawn' and not m.withdrawn
      """)
    if back > 0 { witness.blame("\(back) attempts went back to the queue though the bridge has their calls") }
  }

  /// Progress says what happened.
  private func sumsAgree() async throws {
    for row in try await rows(Self.sums) {
      let campaign: CampaignID = try row.get("campaign_id")
      for name in ["leads", "done", "attempts", "called", "in_flight", "retries_waiting"] {
        let (told, real) = (try row.get(name, as: Int64.self), try row.get("real_\(name)", as: Int64.self))
        if told != real { witness.blame("campaign \(campaign): progress says \(name) \(told), it is \(real)") }
      }
    }
  }

  private static let sums = """
    select c.campaign_id, p.leads::bigint, p.done::bigint, p.attempts::bigint, p.called::bigint, p.in_flight::bigint,
      p.retries_waiting::bigint,
      (select count(*) from campaign.lead l where l.campaign_id = c.campaign_id) as real_leads,
      (select count(*) from campaign.lead l where l.campaign_id = c.campaign_id and l.state = 'done') as real_done,
      (select count(*) from dialer.attempt a where a.campaign_id = c.campaign_id and a.state <> 'withdrawn')
        as real_attempts,
      (select count(distinct lead_id) from dialer.attempt a
       where a.campaign_id = c.campaign_id and a.state <> 'withdrawn') as real_called,
      0::bigint as real_in_flight, 0::bigint as real_retries_waiting
    from campaign.campaign c join campaign.progress p using (tenant_id, campaign_id)
    """

  /// No call was permitted to a number after it had come onto a list.
  private func listsHeld() async throws {
    for row in try await rows(Self.bannedCalls) {
      witness.blame(
        "call \(try row.get("call_id", as: CallID.self)) was permitted at \(try row.get("granted_at", as: Instant.self)), "
          + "its number has been on a list since \(try row.get("added_at", as: Instant.self))",
        lead: try row.get("lead_id"))
    }
  }

  /// Clocks of processes differ by a second at most.
  private static let bannedCalls = """
    select a.call_id, a.lead_id, a.granted_at, d.added_at from dialer.attempt a join dialer.do_not_call d
      on d.number = a.phone and d.tenant_id in (a.tenant_id, '00000000-0000-0000-0000-000000000000')
      and d.campaign_id in (a.campaign_id, '00000000-0000-0000-0000-000000000000')
    where d.added_at + interval '1 second' < a.granted_at
    """

  /// Calls that somebody asked for were made in their time, and none without being asked for.
  private func wishesSettled() async throws {
    let early = try await count(
      """
      select 1 from dialer.scheduled_call s join dialer.attempt a on a.tenant_id = s.tenant_id and a.call_id = s.call_id
      where s.state = 'placed' and (a.rank <> 9 or a.state = 'withdrawn'
        or a.granted_at + interval '1 second' < s.wanted_at or a.granted_at > s.not_after)
      """)
    if early > 0 { witness.blame("\(early) calls that were asked for were not made in their time") }
    let unasked = try await count(
      """
      select 1 from dialer.attempt a where a.rank = 9 and a.state <> 'withdrawn' and not exists (
        select 1 from dialer.scheduled_call s
        where s.tenant_id = a.tenant_id and s.call_id = a.call_id and s.state = 'placed')
      """)
    if unasked > 0 { witness.blame("\(unasked) calls were put before others though nobody asked for them") }
  }

  /// What a campaign is said to have spent is what its calls cost.
  private func budgetsAgree() async throws {
    for row in try await rows(Self.spending) {
      let (told, real): (Int64, Int64) = (try row.get("told"), try row.get("real"))
      let (reserved, campaign): (Int64, CampaignID) = (try row.get("reserved"), try row.get("campaign_id"))
      if told != real { witness.blame("campaign \(campaign) is said to have spent \(told), its calls cost \(real)") }
      if reserved != 0 { witness.blame("campaign \(campaign) holds \(reserved) back for calls that are over") }
    }
  }

  private static let spending = """
    select c.campaign_id,
      (c.spent_micros + (select coalesce(sum(s.spent_micros), 0) from dialer.settlement s
        where s.campaign_id = c.campaign_id))::bigint as told,
      (c.reserved_micros - (select coalesce(sum(s.released_micros), 0) from dialer.settlement s
        where s.campaign_id = c.campaign_id))::bigint as reserved,
      (select coalesce(sum(o.cost_micros), 0)::bigint from outcome.call o where o.campaign_id = c.campaign_id) as real
    from dialer.campaign_counter c
    """
}
