import Core
import Postgres

/// Reads the databases of all services, as nobody else may, and compares them with each other and with the witness.
struct Audit: Sendable {
  let world: World

  var witness: Witness { world.witness }

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
    for row in try await rows(Self.slots) {
      witness.blame(
        "\(world.clock.now()): \(try row.get("counted", as: Int64.self)) slots are counted for \(try row.get("who", as: String.self)), "
          + "\(try row.get("held", as: Int64.self)) are held")
    }
    for row in try await rows(Self.budgets) {
      let campaign: CampaignID = try row.get("campaign_id")
      let (spent, reserved): (Int64, Int64) = (try row.get("spent"), try row.get("reserved"))
      guard let most = witness.budget(of: campaign), spent + reserved > most else { continue }
      witness.blame(
        "\(world.clock.now()): campaign \(campaign) has spent \(spent) and reserved \(reserved) of \(most)")
    }
    // Whatever puts a number on a list, from its commit on it holds.
    for row in try await rows("select tenant_id, number, campaign_id from dialer.do_not_call where removed_at is null")
    {
      let (tenant, campaign): (TenantID, CampaignID) = (try row.get("tenant_id"), try row.get("campaign_id"))
      let list = Witness.Ban(
        tenant: tenant.isNobody ? nil : tenant, campaign: campaign.isNobody ? nil : campaign)
      witness.ban(try row.get("number"), list, at: world.clock.now())
    }
  }

  /// Where the slots that are counted are not those that calls hold.
  private static let slots = """
    select * from (
      select 'campaign ' || c.campaign_id as who,
        c.live - (select coalesce(sum(slots), 0) from dialer.settlement s where s.campaign_id = c.campaign_id)::bigint
          as counted,
        (select count(*) from dialer.under_way u where u.campaign_id = c.campaign_id and u.slot_until is not null) as held
      from dialer.campaign_counter c
      union all
      select 'tenant ' || p.tenant_id,
        p.live - (select coalesce(sum(slots), 0) from dialer.settlement s where s.tenant_id = p.tenant_id)::bigint,
        (select count(*) from dialer.under_way u where u.tenant_id = p.tenant_id and u.slot_until is not null)
      from dialer.provider_limit p) as slots
    where counted <> held
    """

  /// The campaigns' budgets as their attempts and their costs say, not as they are counted.
  private static let budgets = """
    select campaign_id, sum(spent)::bigint as spent, sum(reserved)::bigint as reserved from (
      select campaign_id, 0 as spent, reserved_micros as reserved from dialer.under_way
      union all
      select s.campaign_id, o.cost_micros, 0 from dialer.settled s join outcome.call o using (call_id)
      where s.state <> 'withdrawn') as calls
    group by 1
    """

  /// Campaigns that stand still until somebody does something.
  func paused() async throws -> [CampaignID] {
    try await rows("select campaign_id from campaign.campaign where state = 'paused' order by 1").map {
      try $0.get("campaign_id")
    }
  }

  static let longestLeak = Duration.seconds(1_800)

  private static let lostTasks = """
    with place as (
      select tenant_id, campaign_id, lead_id from dialer.queue
      union all
      select tenant_id, campaign_id, lead_id from dialer.attempt where outcome is null and state <> 'withdrawn')
    select t.lead_id, count(p.lead_id) as places
    from dialer.task t left join place p using (tenant_id, campaign_id, lead_id)
    where t.state = 'open' group by t.tenant_id, t.campaign_id, t.lead_id having count(p.lead_id) <> 1
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
    try await rows(
      """
      select 1 from campaign.lead l join campaign.campaign c using (tenant_id, campaign_id)
      where l.state <> 'done' and c.state <> 'draft' limit 1
      """
    ).isEmpty
  }

  func rows(_ sql: String) async throws -> [PostgresRow] { try await world.database.admin.sql(sql) }

  func count(_ sql: String) async throws -> Int64 {
    try await rows("select count(*) as n from (\(sql)) as counted")[0].get("n")
  }
}

extension Identifier {
  var isNobody: Bool { value == UniqueID(high: 0, low: 0) }
}
