import Core
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import MediaBridge

/// The witness sees what it is there to see: each test shows it one call that must not be.
struct WitnessTests {
  private let witness = Witness()
  private let tenant = TenantID.standard
  private let campaign = CampaignID(UniqueID(high: 1, low: 1))
  private let lead = LeadID(UniqueID(high: 1, low: 2))
  private let number = "+12122200001"
  /// Wednesday, 4 March 2026, noon in New York.
  private let noon = Instant(microsecondsSince1970: 1_772_643_600_000_000)

  init() throws {
    let newYork = try #require(TimeZoneRules.named("America/New_York"))
    witness.locate(number, .init(zone: newYork, consent: .express))
    allow(callerIDs: ["+15005550000"])
  }

  private func allow(consent: ConsentLevel = .unspecified, concurrency: Int = 2, callerIDs: Set<String>) {
    witness.allow(
      campaign,
      .init(
        from: noon - .days(1), windows: (1...7).map { ($0, 540, 1_020) }, concurrency: concurrency, callsPerLead: 3,
        consent: consent, callerIDs: callerIDs, budget: nil))
  }

  @discardableResult
  private func place(
    _ attempt: Int = 1, to other: String? = nil, lead: LeadID? = nil, from: String = "+15005550000",
    at now: Instant? = nil
  ) -> [String] {
    let lead = lead ?? self.lead
    let now = now ?? noon
    let order = CallOrder(
      tenant: tenant, call: .attempt(attempt, lead: lead, campaign: campaign, tenant: tenant), campaign: campaign,
      lead: lead, attemptNumber: attempt, to: other ?? number, from: from, grantedAt: now, expiresAt: now + .minutes(5),
      policyVersion: 1, evidence: [], provider: "twilio",
      script: CallScript(instructions: "", greeting: "", voicemail: "", voice: ""), maxDuration: .minutes(2),
      leaveVoicemail: false)
    witness.placed(
      CarrierCall(
        id: ProviderCallID("CA\(attempt)\(lead)"), order: order, course: Course(of: order.call, longest: .minutes(2)),
        createdAt: now, listedAt: now), askedAt: now, at: now)
    return witness.violations
  }

  private func permit() -> DialPermit {
    var permit = DialPermit()
    permit.callId = CallID.attempt(1, lead: lead, campaign: campaign, tenant: tenant).description
    (permit.campaignId, permit.leadId, permit.to) = (campaign.description, lead.description, number)
    (permit.grantedAt, permit.expiresAt) = (Timestamp(noon), Timestamp(noon + .minutes(5)))
    return permit
  }

  @Test func `a call as it should be is none of its business`() {
    witness.requested(permit(), tenant: tenant, at: noon)
    #expect(place().isEmpty)
  }

  @Test func `a call outside of its window`() {
    #expect(place(at: noon + .hours(6)).contains { $0.contains("outside of its window") })
  }

  @Test(arguments: [Witness.Ban(), Witness.Ban(tenant: .standard)])
  func `a request for a number that is on a list`(ban: Witness.Ban) {
    witness.ban(number, ban, at: noon - .seconds(1))
    witness.requested(permit(), tenant: tenant, at: noon)
    #expect(witness.violations.contains { $0.contains("which is on a list") })
  }

  @Test func `a call long after its number came onto a list`() {
    witness.ban(number, .init(tenant: tenant, campaign: campaign), at: noon - .minutes(6))
    #expect(place().contains { $0.contains("has been on a list") })
  }

  @Test func `a list of another tenant does not count`() {
    witness.ban(number, .init(tenant: TenantID(UniqueID(high: 9, low: 9))), at: noon - .minutes(6))
    #expect(place().isEmpty)
  }

  @Test func `more calls at once than a tenant or its provider allows`() {
    allow(concurrency: 9, callerIDs: [])
    for other in 0..<3 {
      witness.allow(tenant, from: noon - .days(1)) { terms in
        terms.concurrency = 2
        terms.outbound = 1
      }
      place(lead: LeadID(UniqueID(high: 2, low: UInt64(other))))
    }
    #expect(witness.violations.contains { $0.contains("3 calls at once where the tenant allows 2") })
    #expect(witness.violations.contains { $0.contains("2 calls at once where the provider allows 1") })
  }

  @Test func `more calls at once than a campaign allows`() {
    for other in 0..<3 { place(lead: LeadID(UniqueID(high: 2, low: UInt64(other)))) }
    #expect(witness.violations.contains { $0.contains("3 calls at once where 2 are allowed") })
  }

  @Test func `a number that was not to be shown`() {
    #expect(place(from: "+15005550009").contains { $0.contains("none of the campaign's numbers") })
  }

  @Test func `a call without the consent that is asked for`() {
    allow(consent: .expressWritten, callerIDs: [])
    // The old terms count for a while.
    #expect(place(at: noon + .days(1)).contains { $0.contains("did not agree") })
  }

  @Test func `a number in Australia that nobody asked the register about`() throws {
    let sydney = try #require(TimeZoneRules.named("Australia/Sydney"))
    let number = try #require((0...9).map { "+6129300000\($0)" }.first { !Register.lists($0) })
    witness.locate(number, .init(zone: sydney, consent: .unspecified))
    let now = noon + .hours(7)  // Eleven in the morning there.
    witness.washed([number], at: now - .days(1))
    #expect(place(to: number, at: now).isEmpty)
    witness.washed([number], at: now - .days(31))
    #expect(place(2, to: number, lead: LeadID(UniqueID(high: 3, low: 3)), at: now).contains { $0.contains("in time") })
  }

  @Test func `a call that was said not to come yet`() {
    let promise = Witness.Promise(madeAt: noon, notBefore: noon + .hours(1), words: "it waits")
    witness.promise(lead, promise)
    witness.permitted(lead, of: campaign, at: noon + .hours(2))
    #expect(witness.violations.isEmpty)
    witness.promise(lead, promise)
    witness.permitted(lead, of: campaign, at: noon + .minutes(30))
    #expect(witness.violations.contains { $0.contains("it waits") })
  }

  @Test func `a promise ends when somebody does something`() {
    witness.promise(lead, .init(madeAt: noon, notBefore: nil, words: "never"))
    witness.change(campaign, at: noon + .minutes(1))
    witness.permitted(lead, of: campaign, at: noon + .minutes(30))
    #expect(witness.violations.isEmpty)
  }
}
