import Core
import EventLog
import Postgres
import Telephony
import TestSupport
import Testing
import Wire

@testable import AutoDialer

/// The slots that a campaign's calls hold.
@Suite struct SlotTests {
  private func live(_ campaign: DialStore.KnownCampaign, _ dialers: Dialers) async throws -> Int {
    Int(
      try await dialers.store.queueStatus(of: campaign.rules.campaign, tenant: dialers.tenant, now: Dialers.monday)
        .inFlight)
  }

  private func lapse(_ attempts: [DialStore.ClaimedAttempt], _ dialers: Dialers) async throws {
    let query = NamedQuery(
      name: "lapse", sql: "update under_way set slot_until = now() where call_id = any ($1::uuid[])")
    try await dialers.pool.execute(query, attempts.map(\.call))
    try await dialers.store.freeLapsedSlots()
  }

  @Test func aCallThatNothingIsHeardOfGivesItsSlotBackAndOneThatLivesTakesItAgain() async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxConcurrentCalls = 3
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<10).map(Dialers.lead), to: campaign)
      let first = try await dialers.claim(campaign).attempts
      #expect(first.count == 3)
      #expect(try await dialers.claim(campaign).attempts.isEmpty)
      try await lapse(Array(first.prefix(2)), dialers)
      #expect(try await live(campaign, dialers) == 1)
      // One of them lives after all: it has its slot, whatever the limit says.
      for _ in 1...2 {
        try await dialers.store.renewSlot(first[0].call, tenant: dialers.tenant, seconds: 300)
        #expect(try await live(campaign, dialers) == 2)
      }
      #expect(try await dialers.claim(campaign).attempts.count == 1)
      // The other one's outcome comes late and gives nothing back a second time.
      try await dialers.settle(first[1], .qualified, of: campaign)
      #expect(try await live(campaign, dialers) == 3)
      try await dialers.settle(first[0], .qualified, of: campaign)
      #expect(try await live(campaign, dialers) == 2)
      #expect(try await dialers.slotsAgree())
    }
  }

  /// A claim that remembers how far it has added up looks at all of it before it says that there is no room.
  @Test func aSlotThatIsGivenBackBehindTheLastOneIsFound() async throws {
    try await Dialers.with { dialers in
      var policy = Dialers.policy
      policy.maxConcurrentCalls = 2
      let campaign = try await dialers.campaign(policy)
      try await dialers.add((0..<5).map(Dialers.lead), to: campaign)
      let first = try await dialers.claim(campaign).attempts
      #expect(first.count == 2)
      let second = try await dialers.pool.transaction(name: "slow") { transaction in
        try await transaction.execute(
          NamedQuery(
            name: "give back",
            sql: """
              with ended as (
                update under_way set slot_until = null where call_id = $1 returning tenant_id, campaign_id, provider)
              insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
              select tenant_id, campaign_id, provider, 1, 0, 0 from ended
              """), first[0].call)
        try await dialers.settle(first[1], .qualified, of: campaign)
        return try await dialers.claim(campaign)
      }
      #expect(second.attempts.count == 1 && second.places.settlement > 0)
      #expect(try await dialers.count("select 1 from settlement") == 1)
      #expect(try await dialers.claim(campaign, places: second.places).attempts.count == 1)
      #expect(try await dialers.count("select 1 from settlement") == 0)
      #expect(try await dialers.slotsAgree())
    }
  }

  @Test func aCallThatEndedHoldsNoSlotWhileItsOutcomeIsAwaited() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<3).map(Dialers.lead), to: campaign)
      let attempts = try await dialers.claim(campaign).attempts
      let ended = attempts.map {
        DialStore.EndedCall(
          call: $0.call, campaign: campaign.rules.campaign, at: Dialers.monday, placedAt: Dialers.monday)
      }
      try await lapse([attempts[0]], dialers)
      try await dialers.settle(attempts[1], .qualified, of: campaign)
      for _ in 1...2 {
        try await dialers.pool.transaction(name: "end") { transaction in
          try await dialers.store.end(ended, tenant: dialers.tenant, in: transaction)
        }
        #expect(try await live(campaign, dialers) == 0)
      }
      // What is told of a call's start after its outcome is kept as well.
      #expect(try await dialers.count("select 1 from attempt where placed_at is not null and state = 'ended'") == 3)
      try await dialers.store.renewSlot(attempts[0].call, tenant: dialers.tenant, seconds: 300)
      #expect(try await live(campaign, dialers) == 0)
      for attempt in attempts { try await dialers.settle(attempt, .qualified, of: campaign) }
      #expect(try await dialers.count("select 1 from under_way") == 0)
      #expect(try await dialers.slotsAgree())
      #expect(try await dialers.lost() == 0)
    }
  }

  /// A database of the version before, with calls under way and over.
  @Test func anUpgradeKeepsWhatIsUnderWayAndWhatIsOver() async throws {
    let schema = try AutoDialerApplication.schema()
    let before = schema.migrations.filter { $0.component != "service" || $0.number < 6 }
    let old = Migrator(schema: schema.name, role: schema.role, migrations: before)
    try await TestDatabase.with([old]) { database in
      let admin = database.pool(schema: schema.name, size: 1)
      defer { admin.close() }
      for statement in Self.oldRows.split(separator: ";") {
        try await admin.execute(NamedQuery(name: "old rows", sql: String(statement)))
      }
      try await Migrator(schema: schema.name, role: schema.role, migrations: schema.migrations).run(on: database.url)
      let counts = NamedQuery(
        name: "counts",
        sql: """
          select (select count(*) from attempt) as attempts, (select count(*) from under_way) as under_way,
            (select count(*) from under_way where slot_until is not null) as held,
            (select live from campaign_counter) as live, (select live from provider_limit) as provider,
            (select sum(spent_micros) from settlement)::bigint as spent,
            (select count(*) from attempt where convert_from(permit, 'UTF8') = state) as own_permit
          """)
      let row = try await admin.query(counts)[0]
      #expect(try row.get("attempts", as: Int.self) == 4 && row.get("under_way", as: Int.self) == 2)
      #expect(try row.get("held", as: Int.self) == 1 && row.get("live", as: Int.self) == 1)
      #expect(try row.get("provider", as: Int.self) == 1 && row.get("spent", as: Int.self) == 700)
      #expect(try row.get("own_permit", as: Int.self) == 4)
    }
  }

  private static let oldRows = """
    insert into campaign_counter (tenant_id, campaign_id, day, day_calls, minute_start, minute_calls)
    values (md5('nobody')::uuid, md5('nobody')::uuid, '2026-03-02', 4, '2026-03-02', 0);
    insert into attempt (tenant_id, call_id, campaign_id, lead_id, attempt_number, state, permit, granted_at, expires_at,
      outcome)
    select md5('nobody')::uuid, gen_random_uuid(), md5('nobody')::uuid, gen_random_uuid(), 1, state,
      convert_to(state, 'UTF8'), now(), now(), outcome
    from (values ('placed', null), ('ended', null), ('ended', 'qualified'), ('withdrawn', null)) as old (state, outcome);
    insert into lease (tenant_id, campaign_id, call_id, owner, expires_at)
    select tenant_id, campaign_id, call_id, 'somebody', now() + interval '5 minutes' from attempt where state = 'placed';
    insert into spending (tenant_id, campaign_id, call_id, spent_micros, released_micros)
    select tenant_id, campaign_id, call_id, 700, 900 from attempt where outcome = 'qualified'
    """
}
