import Core
import Postgres
import RingmasterMessages
import Synchronization
import TestSupport
import Testing

@testable import AutoDialer

/// A campaign that is stopped while others are busy with its leads.
@Suite struct StoppedCampaignTests {
  /// Whoever comes second waits for the first, and no lead is left.
  @Test(arguments: [true, false]) func aRetryThatIsDecidedMeanwhileIsNotLeftBehind(settlesFirst: Bool) async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      let attempt = try #require(try await dialers.claim(campaign).attempts.first)
      let lead = try #require(LeadID(attempt.permit.leadId))
      let outcome = DialStore.Outcome(
        call: attempt.call, campaign: campaign.rules.campaign, lead: lead, outcome: .noAnswer, optedOut: false,
        permanent: false, endedAt: Dialers.monday)
      let settle: Step = { transaction in
        try await dialers.store.settle([outcome], tenant: dialers.tenant, now: Dialers.monday, in: transaction)
      }
      let cancel: Step = { transaction in
        try await dialers.store.take(
          Dialers.over(campaign), tenant: dialers.tenant, now: Dialers.monday, in: transaction)
      }
      try await overlap(settlesFirst ? settle : cancel, with: settlesFirst ? cancel : settle, dialers)
      #expect(try await dialers.count("select 1 from queue") == 0)
      #expect(try await dialers.count("select 1 from task where state = 'done'") == 1)
      #expect(try await dialers.count("select 1 from lead_end where reason = 'campaign_cancelled'") == 1)
    }
  }

  private final class Ending: Sendable { let isReached = Mutex(false) }

  private typealias Step = @Sendable (PostgresTransaction) async throws -> Void

  /// The second begins once the first has done its step, and the first commits once the second waits for it or is through.
  private func overlap(_ first: @escaping Step, with second: @escaping Step, _ dialers: Dialers) async throws {
    let (began, beginning) = AsyncStream.makeStream(of: Void.self)
    let ending = Ending()
    let waiting =
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { beginning.finish() }
        try await dialers.pool.transaction(name: "first") { transaction in
          try await first(transaction)
          beginning.finish()
          while !ending.isReached.withLock({ $0 }) {
            if try await dialers.count(waiting) > 0 { break }
          }
        }
      }
      group.addTask {
        for await _ in began {}
        defer { ending.isReached.withLock { $0 = true } }
        try await dialers.pool.transaction(name: "second") { try await second($0) }
      }
      try await group.waitForAll()
    }
  }

  /// Stopping a campaign of a million leads takes a while, in which the others are called.
  @Test func aClaimDoesNotWaitForACampaignThatIsBeingStopped() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      try await dialers.pool.transaction(name: "stop") { transaction in
        try await dialers.store.take(
          Dialers.over(campaign), tenant: dialers.tenant, now: Dialers.monday, in: transaction)
        #expect(try await dialers.claim(campaign).attempts.isEmpty)
      }
    }
  }

  /// A claim that has found a lead waits for whoever is moving it, and then it is not due.
  @Test func aLeadThatIsMovedMeanwhileIsNotClaimed() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      try await overlap(
        { transaction in
          try await transaction.execute(
            NamedQuery(name: "move", sql: "update queue set due_at = due_at + interval '1 day'"))
        },
        with: { _ in
          let claim = try await dialers.claim(campaign)
          #expect(claim.attempts.isEmpty)
        }, dialers)
      #expect(try await dialers.count("select 1 from queue") == 1)
    }
  }

  @Test func aClaimUnderRulesThatHoldNoMoreTakesNothing() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add([Dialers.lead(1)], to: campaign)
      var now = Campaign(campaignId: campaign.rules.campaign.description, policy: campaign.policy)
      for (state, version, taken) in [(CampaignState.paused, 1, 0), (.active, 2, 0), (.active, 1, 1)] {
        (now.state, now.policyVersion) = (state, Int32(version))
        try await dialers.take(now)
        #expect(try await dialers.claim(campaign).attempts.count == taken, "\(state) \(version)")
      }
    }
  }
}
