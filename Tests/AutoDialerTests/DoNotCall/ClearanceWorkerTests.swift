import Configuration
import Core
import HTTP
import JSON
import Postgres
import RingmasterMessages
import Testing
import Wire

@testable import AutoDialer
@testable import PhoneNetwork

/// Claims, the worker and those who are asked, together.
@Suite struct ClearanceWorkerTests {
  private static let gate = ClearanceGate(canWash: true, canSign: true)
  /// Tuesday, 10:30 in Sydney and 18:30 on Monday in New York.
  private static let tuesday = Instant(microsecondsSince1970: 1_772_494_200_000_000)

  private static func australian(_ number: Int, _ consent: ConsentLevel = .unspecified) -> Lead {
    var lead = Dialers.lead(number)
    lead.phone = "+6141210\(1000 + number)"
    lead.timeZone = "Australia/Sydney"
    lead.consent = consent
    return lead
  }

  private func policy(_ url: String = "") -> CampaignPolicy {
    var policy = Dialers.policy
    policy.eligibilityUrl = url
    return policy
  }

  /// Questions that still wait for an answer, and why.
  private func unanswered(_ dialers: Dialers) async throws -> [String] {
    let query = NamedQuery(
      name: "unanswered", sql: "select reason from clearance where verdict = 'unanswered' order by reason")
    return try await dialers.pool.query(query).map { try $0.get("reason") }
  }

  private func reasons(_ dialers: Dialers) async throws -> [String] {
    let query = NamedQuery(
      name: "finished", sql: "select payload from event where type = 'ringmaster.v1.LeadFinished' order by id")
    return try await dialers.pool.query(query).map {
      try LeadFinished.decode($0.get("payload", as: [UInt8].self)).reason
    }
  }

  // MARK: The register

  @Test func numbersAreWashedAheadAndCalledWhenTheyAreClear() async throws {
    try await Asked.with { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Self.tuesday)
        let campaign = try await dialers.campaign(at: Self.tuesday)
        let leads = (0..<40).map { Self.australian($0) }
        try await dialers.add(leads, to: campaign, at: Self.tuesday)
        #expect(try await dialers.claim(campaign, at: Self.tuesday).attempts.isEmpty)
        #expect(try await asked.worker(dialers.store, clock: clock).washRound() == false)
        // They are due at once, not only when the wait is over.
        let claim = try await dialers.claim(campaign, at: Self.tuesday)
        let listed = leads.map(\.phone).filter(Asked.register.isListed)
        #expect(!listed.isEmpty && listed.count < 20)
        #expect(Set(claim.attempts.map(\.permit.to)) == Set(leads.map(\.phone)).subtracting(listed))
        #expect(claim.attempts[0].permit.evidence.contains { $0.hasPrefix("wash: clear as of 2026-03-02T23:30:00Z") })
        #expect(try await reasons(dialers) == listed.map { _ in "wash_listed" })
        #expect(try await dialers.lost() == 0)
      }
    }
  }

  @Test func aVerdictIsAskedForAgainAfterThirtyDays() async throws {
    try await Asked.with { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Self.tuesday)
        let campaign = try await dialers.campaign(at: Self.tuesday)
        let lead = try #require((0..<40).map { Self.australian($0) }.first { !Asked.register.isListed($0.phone) })
        try await dialers.add([lead], to: campaign, at: Self.tuesday)
        let worker = asked.worker(dialers.store, clock: clock)
        _ = try await worker.washRound()
        var now = Self.tuesday + .days(28)
        var attempt = try #require(try await dialers.claim(campaign, at: now).attempts.first)
        try await dialers.settle(attempt, .noAnswer, of: campaign, at: now)
        now = Self.tuesday + .days(35)  // The day after Easter Monday.
        clock.advance(to: now)
        #expect(try await dialers.claim(campaign, at: now).attempts.isEmpty)
        _ = try await worker.washRound()
        attempt = try #require(try await dialers.claim(campaign, at: now).attempts.first)
        #expect(attempt.permit.evidence.contains { $0.hasPrefix("wash: clear as of 2026-04-06T23:30:00Z") })
      }
    }
  }

  @Test func expressConsentNeedsNoRegisterAndNothingElseDoesWithout() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign(at: Self.tuesday)
      let leads = [Self.australian(1, .express), Self.australian(2), Self.australian(3, .withdrawn)]
      try await dialers.add(leads, to: campaign, at: Self.tuesday)
      let claim = try await dialers.claim(campaign, at: Self.tuesday)
      #expect(claim.attempts.map(\.permit.to) == [leads[0].phone])
      #expect(try await reasons(dialers) == ["consent_withdrawn"])
      // The other one waits until somebody has set a register up.
      #expect(try await dialers.claim(campaign, at: Self.tuesday + .minutes(59)).taken == 0)
      #expect(try await dialers.claim(campaign, at: Self.tuesday + .minutes(60)).taken == 1)
      #expect(try await dialers.count("select 1 from clearance") == 0)
    }
  }

  @Test(arguments: [
    ("/broken/500", "the register answered 500"), ("/broken/401", "the register answered 401"),
    ("/garbage", "the register answered something that cannot be read"),
    ("/broken/200", "the register knows nothing of it"), ("/silent", "no answer: timedOut"),
  ]) func aRegisterThatDoesNotAnswerClearsNobody(path: String, reason: String) async throws {
    try await Asked.with { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Self.tuesday)
        let campaign = try await dialers.campaign(at: Self.tuesday)
        try await dialers.add([Self.australian(1)], to: campaign, at: Self.tuesday)
        let timeout = path == "/silent" ? Duration.milliseconds(50) : .seconds(60)
        _ = try await asked.worker(dialers.store, clock: clock, wash: path, timeout: timeout).washRound()
        #expect(try await unanswered(dialers) == [reason])
        #expect(try await dialers.claim(campaign, at: Self.tuesday).attempts.isEmpty)
        // Not asked again at once.
        _ = try await asked.worker(dialers.store, clock: clock).washRound()
        #expect(try await unanswered(dialers) == [reason])
        clock.advance(by: .minutes(1))
        _ = try await asked.worker(dialers.store, clock: clock).washRound()
        #expect(try await unanswered(dialers) == [])
      }
    }
  }

  // MARK: Campaigns' own systems

  @Test func aYesIsKeptForItsTimeAndANoEnds() async throws {
    let onlyEven: Asked.Eligible = { question in
      let isEven = question["phone"]?.stringValue?.last?.wholeNumberValue?.isMultiple(of: 2) == true
      return .json(["eligible": .bool(isEven), "reason": "sold", "ttl_seconds": 600])
    }
    try await Asked.with(eligible: onlyEven) { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Dialers.monday)
        let campaign = try await dialers.campaign(policy("\(asked.url)/eligible"))
        try await dialers.add((0..<4).map(Dialers.lead), to: campaign)
        let worker = asked.worker(dialers.store, clock: clock)
        #expect(try await worker.eligibilityRound() == false)
        #expect(asked.questions.all.isEmpty)  // Nobody is asked before the lead could be called otherwise.
        #expect(try await dialers.claim(campaign).attempts.isEmpty)
        _ = try await worker.eligibilityRound()
        #expect(asked.questions.all.count == 4)
        let question = try #require(asked.questions.all.first)
        #expect(question["timestamp"] == "1772463600")
        #expect(question["campaign_id"]?.stringValue == campaign.rules.campaign.description)
        let claim = try await dialers.claim(campaign)
        #expect(claim.attempts.count == 2)
        #expect(claim.attempts[0].permit.expiresAt?.instant == Dialers.monday + DialDecision.permitLife)
        #expect(try await reasons(dialers) == ["not_eligible", "not_eligible"])
        // The answer holds for the retry only as long as it said.
        for attempt in claim.attempts { try await dialers.settle(attempt, .failed, of: campaign) }
        #expect(try await dialers.claim(campaign, at: Dialers.monday + .minutes(9)).attempts.count == 2)
        #expect(asked.questions.all.count == 4)
      }
    }
  }

  @Test func anAnswerThatHasRunOutIsAskedForAgain() async throws {
    let brief: Asked.Eligible = { _ in .json(["eligible": true, "ttl_seconds": 60]) }
    try await Asked.with(eligible: brief) { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Dialers.monday)
        let campaign = try await dialers.campaign(policy("\(asked.url)/eligible"))
        try await dialers.add([Dialers.lead(1)], to: campaign)
        let worker = asked.worker(dialers.store, clock: clock)
        for round in 1...3 {
          #expect(try await dialers.claim(campaign, at: clock.now()).attempts.isEmpty)
          _ = try await worker.eligibilityRound()
          #expect(asked.questions.all.count == round)
          clock.advance(by: .seconds(61))
        }
      }
    }
  }

  @Test(arguments: [
    ("/broken/500", "it answered 500"), ("/broken/404", "it answered 404"), ("/elsewhere", "it answered 302"),
    ("/garbage", "it answered neither yes nor no"), ("/huge", "no answer: tooLarge"),
    ("/silent", "no answer: timedOut"),
    ("/unsigned", "it answered 401"), ("/nobody", "no answer: connect"),
  ]) func whatIsNoClearYesMeansNotNow(path: String, reason: String) async throws {
    try await Asked.with { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Dialers.monday)
        var url = asked.url + path
        if path == "/unsigned" { url = "\(asked.url)/eligible" }
        if path == "/nobody" { url = "http://127.0.0.1:1/" }
        let campaign = try await dialers.campaign(policy(url))
        try await dialers.add([Dialers.lead(1)], to: campaign)
        let secret = path == "/unsigned" ? Secret("another") : Asked.secret
        let timeout = path == "/silent" ? Duration.milliseconds(50) : .seconds(60)
        let worker = asked.worker(dialers.store, clock: clock, secret: secret, timeout: timeout)
        var waits: [Instant] = []
        for tries in 1...3 {
          #expect(try await dialers.claim(campaign, at: clock.now()).attempts.isEmpty)
          _ = try await worker.eligibilityRound()
          #expect(try await unanswered(dialers) == [reason])
          #expect(try await dialers.count("select 1 from clearance where tries = \(tries)") == 1)
          let query = NamedQuery(name: "next", sql: "select expires_at from clearance")
          waits.append(try await dialers.pool.query(query)[0].get("expires_at"))
          clock.advance(to: waits[waits.count - 1])
        }
        #expect(waits[1] > waits[0] && waits[2] > waits[1])
        #expect(asked.questions.all.isEmpty)
        #expect(try await dialers.lost() == 0)
        #expect(try await reasons(dialers).isEmpty)
      }
    }
  }

  @Test func withoutASecretSuchACampaignCallsNobody() async throws {
    try await Dialers.with { dialers in
      let campaign = try await dialers.campaign(policy("https://example.com/eligible"))
      try await dialers.add([Dialers.lead(1)], to: campaign)
      #expect(try await dialers.claim(campaign).attempts.isEmpty)
      #expect(try await dialers.count("select 1 from clearance") == 0)
      #expect(try await dialers.lost() == 0)
    }
  }

  @Test func twoWorkersDoNotAskTheSame() async throws {
    try await Asked.with { asked in
      try await Dialers.with(gate: Self.gate) { dialers in
        let clock = ManualClock(Dialers.monday)
        let campaign = try await dialers.campaign(policy("\(asked.url)/eligible"))
        try await dialers.add((0..<120).map(Dialers.lead), to: campaign)
        #expect(try await dialers.claim(campaign, most: 200).attempts.isEmpty)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<3 {
            group.addTask { while try await asked.worker(dialers.store, clock: clock).eligibilityRound() {} }
          }
          try await group.waitForAll()
        }
        #expect(asked.questions.all.count == 120)
        #expect(try await dialers.claim(campaign, most: 200).attempts.count == 120)
      }
    }
  }
}
