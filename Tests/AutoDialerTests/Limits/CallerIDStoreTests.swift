import Core
import Postgres
import RingmasterMessages
import Telephony
import Testing
import Wire

@testable import AutoDialer

@Suite struct CallerIDStoreTests {
  private let now = Dialers.monday

  private var pooled: CampaignPolicy {
    var policy = Dialers.policy
    policy.callerIds = []
    policy.callerIdTier = 2
    return policy
  }

  private func add(_ numbers: [String], isWarm: Bool = true, to dialers: Dialers) async throws {
    let zone = try #require(TimeZoneRules.named("America/New_York"))
    for number in numbers {
      try await dialers.store.add(
        .init(number: number, tier: 2, provider: "twilio", zone: zone, isWarm: isWarm), tenant: dialers.tenant, now: now
      )
    }
  }

  private func end(
    _ calls: Int, from number: String, answeredEvery: Int = .max, failure: String = "", at: Instant,
    _ dialers: Dialers
  ) async throws {
    let verdicts = (0..<calls).map { index in
      DialStore.CallVerdict(
        call: CallID.random(), number: number, provider: "twilio", endedAt: at + .seconds(index),
        isAnswered: (index + 1) % answeredEvery == 0, isShort: false, fault: CallFault(failure: failure))
    }
    try await dialers.pool.transaction(name: "judge") { transaction in
      try await dialers.store.judge(verdicts, tenant: dialers.tenant, now: at, in: transaction)
    }
  }

  private func state(_ number: String, _ dialers: Dialers) async throws -> CallerIDStanding.State? {
    try await dialers.store.callerID(number, tenant: dialers.tenant)?.callerID.standing.state
  }

  /// It says nothing about the number that was shown.
  @Test func aCallThatBrokeOffIsNoShortCall() {
    func isShort(_ kind: CallFact.OneOf_Kind) -> Bool {
      var (ended, fact) = (CallEnded(), CallFact())
      fact.kind = kind
      ended.facts = [fact]
      ended.answeredAt = Timestamp(now)
      ended.talkDuration = ProtobufDuration(.seconds(3))
      return DialStore.CallVerdict(ended, call: CallID.random(), now: now).isShort
    }
    #expect(isShort(.answeredBy("human")))
    #expect(!isShort(.failure("broken_off")))
  }

  @Test func aCampaignsOwnNumbersAreTakenInWithoutACap() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<120).map(Dialers.lead), to: campaign)
      #expect(try await dialers.claim(campaign, most: 120).attempts.count == 120)
      let stored = try #require(try await dialers.store.callerID("+15005550006", tenant: dialers.tenant))
      #expect(stored.callerID.tier == nil && stored.callerID.standing.state == .active)
      #expect(stored.callerID.dayCalls == 120)
    }
  }

  @Test func thePoolsNumbersAreSharedEvenlyAndNeverBeyondTheirDay() async throws {
    try await Dialers.with { dialers in
      try await add(["+12125550100"], to: dialers)
      try await add(["+12125550101"], isWarm: false, to: dialers)
      let campaign = try await dialers.campaign(pooled)
      try await dialers.add((0..<120).map(Dialers.lead), to: campaign)
      let claims = [try await dialers.claim(campaign), try await dialers.claim(campaign)]
      let shown = Dictionary(grouping: claims.flatMap(\.attempts), by: \.permit.from).mapValues(\.count)
      #expect(shown == ["+12125550100": 50, "+12125550101": 20])
      #expect(claims[1].limit == .callerID)
      #expect(claims[0].attempts.first?.permit.evidence.contains { $0.hasPrefix("caller_id: ") } == true)
      #expect(try await dialers.count("select 1 from event where type like '%CampaignBlocked'") == 0)
      // What never left is not counted.
      for attempt in claims[0].attempts.prefix(3) {
        try await dialers.store.withdraw(attempt.call, tenant: dialers.tenant, now: now)
      }
      #expect(try await dialers.claim(campaign).attempts.count == 3)
      #expect(try await dialers.claim(campaign, at: now + .days(1)).attempts.count == 50)  // All that are left.
    }
  }

  @Test func withoutAUsableNumberTheCampaignSaysSoOnce() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign(pooled)
      try await dialers.add([Dialers.lead(1)], to: campaign)
      for _ in 0..<3 { #expect(try await dialers.claim(campaign).limit == .callerID) }
      #expect(try await dialers.count("select 1 from event where type like '%CampaignBlocked'") == 1)
      try await add(["+12125550100"], to: dialers)
      #expect(try await dialers.claim(campaign).attempts.count == 1)
    }
  }

  @Test func aCollapseOfTheAnswerRateRestsTheNumber() async throws {
    try await Dialers.with { dialers in
      let (good, bad) = ("+12125550100", "+12125550101")
      try await add([good, bad], to: dialers)
      for number in [good, bad] {
        try await end(80, from: number, answeredEvery: 2, at: now, dialers)
      }
      #expect(try await state(bad, dialers) == .active)
      try await end(50, from: good, answeredEvery: 2, at: now + .minutes(2), dialers)
      try await end(50, from: bad, at: now + .minutes(3), dialers)
      let stored = try #require(try await dialers.store.callerID(bad, tenant: dialers.tenant))
      #expect(stored.callerID.standing.state == .cooling && stored.alarm == .answerRate)
      #expect(stored.alarmDetail?.contains("0 of the last 50") == true)
      #expect(try await state(good, dialers) == .active)
      // Late news changes nothing, and after its rest it is judged by new calls only.
      try await end(1, from: bad, at: now + .minutes(4), dialers)
      let changed = try #require(
        try await dialers.store.change(bad, event: nil, tier: nil, tenant: dialers.tenant, now: now + .days(2)))
      #expect(changed.callerID.standing.state == .active)
      try await end(1, from: bad, at: now + .days(2), dialers)
      #expect(try await dialers.store.callerID(bad, tenant: dialers.tenant)?.callerID.standing.alarms == 1)
    }
  }

  @Test func failuresOfTheNumberOpenItsBreakerAndThenRestIt() async throws {
    try await Dialers.with { dialers in
      let number = "+12125550100"
      try await add([number], to: dialers)
      let campaign = try await dialers.campaign(pooled)
      try await dialers.add((0..<5).map(Dialers.lead), to: campaign)
      try await end(5, from: number, failure: "21212", at: now, dialers)
      #expect(try await dialers.claim(campaign).limit == .callerID)
      let later = now + .minutes(5)
      #expect(try await dialers.claim(campaign, at: later).attempts.count == 1)
      try await end(1, from: number, failure: "21212", at: later, dialers)
      let stored = try #require(try await dialers.store.callerID(number, tenant: dialers.tenant))
      #expect(stored.callerID.standing.state == .cooling && stored.alarm == .failures)
    }
  }

  @Test func aProviderThatFailsIsTriedWithOneCallAtATime() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign()
      try await dialers.add((0..<20).map(Dialers.lead), to: campaign)
      let claim = try await dialers.claim(campaign, most: 1)
      try await end(5, from: "+15005550006", failure: "no_terminal_event", at: now, dialers)
      #expect(try await dialers.claim(campaign).limit == .providerBroken)
      try await dialers.settle(claim.attempts[0], .failed, of: campaign)
      let later = now + .seconds(31)
      #expect(try await dialers.claim(campaign, at: later).attempts.count == 1)
      #expect(try await dialers.claim(campaign, at: later).limit == .providerBroken)
      try await end(1, from: "+15005550006", at: later, dialers)
      // The call that failed is tried again at once.
      #expect(try await dialers.claim(campaign, at: later).attempts.count == 19)
    }
  }
}
