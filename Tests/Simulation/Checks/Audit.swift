import Core
import Postgres

/// Reads the databases of all services, as nobody else may, and compares them with each other and with the witness.
struct Audit: Sendable {
  let world: World

  private var witness: Witness { world.witness }

  // MARK: Along the way

  /// What must hold after every step.
  func invariants() async throws {
    for row in try await rows(Self.lostTasks) {
      let lead: LeadID = try row.get("lead_id")
      witness.blame(
        "\(world.clock.now()): an open lead with \(try row.get("places", as: Int64.self)) places in the queue or calls",
        lead: lead)
    }
    // A call's slot may outlive it until its end is known: a deadline, a renewal by somebody who did not know yet, and the time that everything stood still.
    for row in try await rows("select call_id from dialer.under_way where slot_until > simulation.now()") {
      let call: CallID = try row.get("call_id")
      guard let ended = witness.ended(call), ended + Self.longestLeak < world.clock.now() else { continue }
      witness.blame("\(world.clock.now()): the slot of call \(call) is held, which ended at \(ended)")
    }
  }

  static let longestLeak = Duration.seconds(1_800)

  private static let lostTasks = """
    select * from (
      select t.lead_id,
        (select count(*) from dialer.queue q
         where (q.tenant_id, q.campaign_id, q.lead_id) = (t.tenant_id, t.campaign_id, t.lead_id))
        + (select count(*) from dialer.attempt a
           where (a.tenant_id, a.campaign_id, a.lead_id) = (t.tenant_id, t.campaign_id, t.lead_id)
             and a.outcome is null and a.state <> 'withdrawn') as places
      from dialer.task t where t.state = 'open') as open
    where places <> 1
    """

  /// When the next lead of an active campaign comes due.
  func nextDue() async throws -> Instant? {
    try await rows(
      """
      select min(due_at) as due from dialer.queue q join dialer.campaign c using (tenant_id, campaign_id)
      where c.state = 'active'
      """
    ).first?.get("due", as: Instant?.self)
  }

  /// Whether every lead of every campaign that was started is done.
  func isOver() async throws -> Bool {
    try await count(
      """
      select 1 from campaign.lead l join campaign.campaign c using (tenant_id, campaign_id)
      where l.state <> 'done' and c.state <> 'draft'
      """) == 0
  }

  // MARK: In the end

  func everything() async throws {
    try await invariants()
    try await nothingIsLeft()
    try await everybodyIsThere()
    try await carrierAgrees()
    try await sumsAgree()
    try await capsHeld()
  }

  private func nothingIsLeft() async throws {
    let left = [
      ("leads without an end", "select 1 from campaign.lead where state <> 'done'"),
      ("open tasks of the dialer", "select 1 from dialer.task where state <> 'done'"),
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

  /// Permits of a minute and of a day, by the campaign's own calendar. Operators change neither cap in a simulation.
  private func capsHeld() async throws {
    for cap in world.rateCaps {
      let minute = try await most(cap.campaign, "date_trunc('minute', granted_at)", interval: "1 minute", cap.perMinute)
      if let limit = cap.perMinute, minute > limit {
        witness.blame("campaign \(cap.campaign): \(minute) calls in a minute where \(limit) are allowed")
      }
      let day = try await most(
        cap.campaign, "(granted_at at time zone '\(cap.zone)')::date", interval: "1 day", cap.perDay)
      if let limit = cap.perDay, day > limit {
        witness.blame("campaign \(cap.campaign): \(day) calls in a day where \(limit) are allowed")
      }
    }
  }

  /// The most calls in one stretch. Clocks differ: what is too much in one may have been counted into the next, as far as
  /// that had room.
  private func most(_ campaign: CampaignID, _ group: String, interval: String, _ cap: Int64?) async throws -> Int64 {
    try await rows(
      """
      with counted as (
        select \(group) as stretch, count(*) as calls from dialer.attempt where campaign_id = '\(campaign)' group by 1)
      select coalesce(max(c.calls), 0)::bigint as most
      from counted c left join counted n on n.stretch = c.stretch + interval '\(interval)'
      where c.calls - \(cap ?? 0) + coalesce(n.calls, 0) > \(cap ?? 0)
      """)[0].get("most")
  }

  private func rows(_ sql: String) async throws -> [PostgresRow] { try await world.database.admin.sql(sql) }

  private func count(_ sql: String) async throws -> Int64 {
    try await rows("select count(*) as n from (\(sql)) as counted")[0].get("n")
  }
}

/// A campaign's caps on calls a minute and a day.
struct RateCap: Sendable {
  var campaign: CampaignID
  var perMinute: Int64?
  var perDay: Int64?
  var zone: String
}
