import Core
import Postgres
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

/// What is explained is what is done: random campaigns and leads are explained and then claimed, over days.
@Suite struct ExplainAgreementTests {
  private static let phones = ["+1212555", "+1310555", "+6129999", "+4420794", "+1907555", "+999000"]

  private static func policy(using generator: inout SeededGenerator) -> CampaignPolicy {
    var policy = Dialers.policy
    policy.maxCallsPerLead = Int32.random(in: 1...4, using: &generator)
    policy.maxConcurrentCalls = Int32.random(in: 3...40, using: &generator)
    if Bool.random(using: &generator) { policy.maxCallsPerMinute = Int32.random(in: 1...6, using: &generator) }
    if Bool.random(using: &generator) { policy.maxCallsPerDay = Int32.random(in: 3...20, using: &generator) }
    if Int.random(in: 0..<3, using: &generator) == 0 { policy.requiredConsent = .express }
    if Bool.random(using: &generator) {
      policy.leadExpiry = ProtobufDuration(.days(Int.random(in: 1...4, using: &generator)))
    }
    if Int.random(in: 0..<4, using: &generator) == 0 { policy.startsAt = Timestamp(Dialers.monday + .hours(20)) }
    if Int.random(in: 0..<4, using: &generator) == 0 { policy.endsAt = Timestamp(Dialers.monday + .days(3)) }
    if Bool.random(using: &generator) {
      policy.callWindows = (Int32(1)...7).map { weekday in
        var window = RingmasterMessages.CallWindow()
        window.weekday = weekday
        window.startMinute = 60 * Int32.random(in: 0...12, using: &generator)
        window.endMinute = window.startMinute + 60 * Int32.random(in: 2...11, using: &generator)
        return window
      }
    }
    policy.retryPolicy = ["standard", "backoff", "sequence"].randomElement(using: &generator) ?? ""
    return policy
  }

  private static func lead(_ number: Int, using generator: inout SeededGenerator) -> Lead {
    var lead = Dialers.lead(number)
    lead.phone = "\(phones.randomElement(using: &generator) ?? "")\(1000 + number)"
    lead.consent =
      [.unspecified, .express, .withdrawn, .expressWritten].randomElement(using: &generator) ?? .unspecified
    if Bool.random(using: &generator) {
      var second = LeadNumber()
      second.phone = "\(phones.randomElement(using: &generator) ?? "")\(5000 + number)"
      second.consent = lead.consent
      lead.numbers = [second]
    }
    if Int.random(in: 0..<6, using: &generator) == 0 { lead.notAfter = Timestamp(Dialers.monday + .days(2)) }
    return lead
  }

  /// What was said of a lead before a claim at that instant.
  private struct Said {
    var lead: LeadID
    var at: Instant
    var explanation: Explanation
  }

  @Test(arguments: UInt64(1)...16)
  func explainSaysDialExactlyWhereTheClaimDials(seed: UInt64) async throws {
    try await Dialers.with { dialers in
      var generator = SeededGenerator(seed: seed)
      let campaign = try await dialers.campaign(Self.policy(using: &generator))
      let leads = (0..<14).map { Self.lead($0, using: &generator) }
      try await dialers.add(leads, to: campaign)
      var said: [Said] = []
      var now = Dialers.monday
      for _ in 0..<14 {
        let before = try await explain(leads, campaign, dialers, at: now)
        let claim = try await dialers.claim(campaign, at: now, most: 1000)
        let dialed = Set(claim.attempts.compactMap { LeadID($0.permit.leadId) })
        let promised = Set(before.filter { $0.explanation.verdict == .dial }.map(\.lead))
        if claim.limit == nil || dialed.isEmpty && promised.isEmpty {
          #expect(dialed == promised, "at \(now)")
        } else {
          #expect(dialed.isSubset(of: promised), "at \(now): a limit binds")
        }
        said += before.filter { !dialed.contains($0.lead) }
        for attempt in claim.attempts { try await end(attempt, campaign, dialers, at: now, using: &generator) }
        #expect(try await dialers.lost() == 0)
        now += .minutes(Int.random(in: 1...700, using: &generator))
      }
      try await expectThePastToAgree(said, campaign, dialers)
    }
  }

  private func explain(
    _ leads: [Lead], _ campaign: DialStore.KnownCampaign, _ dialers: Dialers, at now: Instant
  ) async throws -> [Said] {
    var said: [Said] = []
    for lead in leads {
      let id = try #require(LeadID(lead.leadId))
      let insight = try #require(
        try await dialers.store.insight(
          into: id, of: campaign.rules.campaign, tenant: dialers.tenant, at: now, now: now))
      let explanation = Explanation(insight.standing, callee: insight.callee, in: insight.surroundings, at: now)
      if case .dial = explanation.verdict {
        #expect(!explanation.leadGates.contains { !$0.finding.passed })
        #expect(explanation.numbers.contains { number in !number.gates.contains { !$0.finding.passed } })
      }
      said.append(Said(lead: id, at: now, explanation: explanation))
    }
    return said
  }

  private func end(
    _ attempt: DialStore.ClaimedAttempt, _ campaign: DialStore.KnownCampaign, _ dialers: Dialers, at now: Instant,
    using generator: inout SeededGenerator
  ) async throws {
    let outcomes: [Telephony.CallOutcome] = [.noAnswer, .busy, .failed, .wrongNumber, .qualified]
    if Int.random(in: 0..<6, using: &generator) == 0 {
      try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: now)
    } else if Int.random(in: 0..<8, using: &generator) != 0 {
      try await dialers.settle(
        attempt, outcomes.randomElement(using: &generator) ?? .busy, of: campaign, at: now + .seconds(30))
    }
  }

  /// Asked afterwards, the answer is the same, but for limits, which are not kept.
  private func expectThePastToAgree(
    _ said: [Said], _ campaign: DialStore.KnownCampaign, _ dialers: Dialers
  ) async throws {
    let limits: Set = ["concurrency", "calls_per_minute", "calls_per_day"]
    for one in said where !limits.contains(one.explanation.reason) {
      let insight = try #require(
        try await dialers.store.pastInsight(
          into: one.lead, of: campaign.rules.campaign, tenant: dialers.tenant, at: one.at))
      let then = Explanation(insight.standing, callee: insight.callee, in: insight.surroundings, at: one.at)
      // A lead that a claim at this very instant ended was still waiting before it.
      if then.verdict == .done, one.explanation.verdict == .never { continue }
      #expect(
        then.verdict == one.explanation.verdict,
        "\(one.lead) at \(one.at): \(one.explanation.reason), then \(then.reason)")
      #expect(then.nextAt == one.explanation.nextAt, "\(one.lead) at \(one.at): \(one.explanation.reason)")
    }
  }
}
