import Core
import Postgres
import RPC
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

@Suite struct PreviewTests {
  private func preview(
    _ policy: CampaignPolicy, of campaign: DialStore.KnownCampaign, _ dialers: Dialers, now: Instant = Dialers.monday
  ) async throws -> PolicyPreview {
    var request = PreviewPolicyRequest()
    request.campaignId = campaign.rules.campaign.description
    request.policy = policy
    return try await InsightRPC(store: dialers.store, clock: ManualClock(now)).previewPolicy(
      request, context: CallContext(tenant: dialers.tenant.description))
  }

  private func counts(_ preview: PolicyPreview) -> [PreviewChange: Int64] {
    Dictionary(uniqueKeysWithValues: preview.counts.map { ($0.change, $0.leads) })
  }

  @Test func anEditShowsWhomItMovesBeforeItIsApplied() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      var west = Dialers.lead(4)
      west.phone = "+13105551004"
      try await dialers.add((0..<4).map(Dialers.lead) + [west], to: campaign)
      #expect(counts(try await preview(campaign.policy, of: campaign, dialers)) == [.none: 5])

      var afternoon = campaign.policy
      afternoon.callWindows = Dialers.windows(14...17)
      let later = try await preview(afternoon, of: campaign, dialers)
      #expect(counts(later) == [.later: 5] && later.waiting == 5 && later.examined == 5)
      #expect(later.counts.first?.medianShift?.duration == .hours(4))
      #expect(later.examples.count == 5 && later.examples.allSatisfy { $0.before != nil && $0.after != nil })

      var morning = campaign.policy
      morning.callWindows = Dialers.windows(8...17)
      #expect(counts(try await preview(morning, of: campaign, dialers)) == [.none: 4, .earlier: 1])

      var strict = campaign.policy
      strict.requiredConsent = .express
      let never = try await preview(strict, of: campaign, dialers)
      #expect(counts(never) == [.never: 5])
      #expect(never.examples.allSatisfy { $0.after == nil && $0.afterReason == "no_consent" })
    }
  }

  /// What a preview says is what the edit does.
  @Test func thePreviewIsWhatHappens() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<3).map(Dialers.lead), to: campaign)
      let attempt = try #require(try await dialers.claim(campaign, most: 1).attempts.first)
      try await dialers.settle(attempt, .busy, of: campaign)  // Its retry is due in 4 hours, at 14:00.
      var edited = Campaign()
      edited.campaignId = campaign.rules.campaign.description
      edited.state = .active
      edited.policy = campaign.policy
      edited.policy?.callWindows = Dialers.windows(12...17)
      edited.policyVersion = 2
      let preview = try await preview(try #require(edited.policy), of: campaign, dialers)
      #expect(counts(preview) == [.later: 2, .none: 1])
      try await dialers.take(edited)
      #expect(try await dialers.count("select 1 from queue where due_at = '2026-03-02T17:00:00Z'") == 2)
      #expect(try await dialers.count("select 1 from queue where due_at = '2026-03-02T19:00:00Z'") == 1)
    }
  }

  @Test func aPolicyThatCannotBeIsRefused() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      var wrong = campaign.policy
      wrong.timeZone = "Mars/Olympus_Mons"
      let error = await #expect(throws: RPCError.self) { try await preview(wrong, of: campaign, dialers) }
      #expect(error?.code == .invalidArgument && error?.message.contains("policy.timeZone") == true)
    }
  }
}
