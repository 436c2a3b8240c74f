import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct DialDecisionTests {
  private func rules(maxPerLead: Int = 3, retries: RetryPolicy = .standard) throws -> CampaignRules {
    CampaignRules(
      tenant: .standard, campaign: CampaignID.random(), policyVersion: 4, callType: .qualifyLead,
      hours: DialWindows(.standard),
      zone: try #require(TimeZoneRules.named("America/New_York")), retries: retries, maxCallsPerLead: maxPerLead,
      maxCallsPerDay: 10, maxCallsPerMinute: 5, maxConcurrentCalls: 3,
      callerIDs: ["+15005550006", "+15005550007"])
  }

  private func callee(_ number: String, zone: String = "", consent: Consent = .unknown) -> Callee {
    Callee(
      numbers: [
        .init(index: 0, phone: number, place: LeadPlace(number, zone: zone), consent: consent)
      ],
      joinedAt: Dialers.monday)
  }

  private func decide(
    _ callee: Callee, attempts: Int = 0, rules: CampaignRules, at time: String
  ) throws -> DialDecision {
    let now = try instant(time)
    let entry = QueueEntry(lead: LeadID.random(), rank: 1, dueAt: now, attempts: attempts)
    return DialDecision.decide(callee, entry: entry, rules: rules, facts: DialFacts(), now: now)
  }

  private func instant(_ text: String) throws -> Instant { try #require(Instant(rfc3339: text)) }

  @Test func insideTheWindowItMayBeCalledUntilItsPermitRunsOut() throws {
    // Monday, 10:00 in New York.
    let decision = try decide(callee("+12125550123"), rules: try rules(), at: "2026-03-02T15:00:00Z")
    guard case .dial(let permission) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect(permission.expiresAt == (try instant("2026-03-02T15:00:00Z")) + DialDecision.permitLife)
    #expect(permission.findings.map(\.rule) == ["attempts", "do_not_call", "hours", "consent", "policy"])
    #expect(!permission.findings.contains { !$0.passed })
  }

  @Test func aPermitDoesNotOutliveTheWindow() throws {
    // A minute before lunch in New York.
    let decision = try decide(callee("+12125550123"), rules: try rules(), at: "2026-03-02T16:59:00Z")
    guard case .dial(let permission) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect(permission.expiresAt == (try instant("2026-03-02T17:00:00Z")))
  }

  @Test func outsideItWaitsForTheNextOpening() throws {
    let decision = try decide(callee("+12125550123"), rules: try rules(), at: "2026-03-02T17:30:00Z")
    #expect(decision == .wait(until: try instant("2026-03-02T18:00:00Z"), reason: "campaign_windows"))
  }

  @Test func theMaximumOfCallsHolds() throws {
    let decision = try decide(
      callee("+12125550123"), attempts: 2, rules: try rules(maxPerLead: 2), at: "2026-03-02T15:00:00Z")
    #expect(decision == .never(reason: "max_attempts"))
  }

  @Test func anUnknownZoneIsNeverCalled() throws {
    let decision = try decide(
      callee("+12125550123", zone: "Mars/Olympus_Mons"), rules: try rules(), at: "2026-03-02T15:00:00Z")
    #expect(decision == .never(reason: "zone_unknown"))
  }

  @Test func whatSomebodyTookBackOrNeverGaveIsRespected() throws {
    var rules = try rules()
    let withdrawn = callee("+12125550123", consent: .withdrawn)
    #expect(try decide(withdrawn, rules: rules, at: "2026-03-02T15:00:00Z") == .never(reason: "consent_withdrawn"))
    rules.requiredConsent = .expressWritten
    let express = callee("+12125550123", consent: .express)
    #expect(try decide(express, rules: rules, at: "2026-03-02T15:00:00Z") == .never(reason: "no_consent"))
  }

  @Test func whatHasExpiredIsNotCalled() throws {
    var rules = try rules()
    rules.leadExpiry = .hours(1)
    let old = callee("+12125550123")
    #expect(try decide(old, rules: rules, at: "2026-03-02T16:00:01Z") == .never(reason: "expired"))
    var stale = old
    stale.notAfter = try instant("2026-03-02T15:30:00Z")
    #expect(try decide(stale, rules: rules, at: "2026-03-02T15:30:00Z") == .never(reason: "expired"))
  }

  @Test func theFirstNumberThatMayBeCalledIs() throws {
    // Eight in the morning in Los Angeles, eleven in New York.
    var callee = callee("+13105550123")
    callee.numbers.append(
      .init(
        index: 1, phone: "+12125550123", place: LeadPlace("+12125550123"),
        consent: .unknown))
    guard case .dial(let permission) = try decide(callee, rules: try rules(), at: "2026-03-02T16:00:00Z") else {
      Issue.record("not dialed")
      return
    }
    #expect(permission.number.index == 1)
    #expect(
      try decide(callee, rules: try rules(), at: "2026-03-02T11:00:00Z")
        == .wait(until: try instant("2026-03-02T14:00:00Z"), reason: "legal_hours"))
  }

  @Test func theSameAttemptHasTheSameIdAndAnotherOneAnother() {
    let (lead, campaign) = (LeadID.random(), CampaignID.random())
    let first = CallID.attempt(1, lead: lead, campaign: campaign, tenant: .standard)
    #expect(first == CallID.attempt(1, lead: lead, campaign: campaign, tenant: .standard))
    #expect(first != CallID.attempt(2, lead: lead, campaign: campaign, tenant: .standard))
    #expect(first != CallID.attempt(1, lead: lead, campaign: .random(), tenant: .standard))
    #expect(first != CallID.attempt(1, lead: lead, campaign: campaign, tenant: .random()))
  }

  /// Or each call would go to another page of every index that has calls.
  @Test func callsAreInTheOrderOfTheirLeads() {
    let ids = (0..<100).map { millisecond in
      let lead = UniqueID(high: UInt64(1_790_000_000_000 + millisecond) << 16 | 0x7ABC, low: 0x8000_0000_0000_0001)
      return CallID.attempt(1 + millisecond % 3, lead: LeadID(lead), campaign: .random(), tenant: .standard)
    }
    #expect(ids == ids.sorted())
    #expect(ids.allSatisfy { $0.value.high >> 12 & 0xF == 8 && $0.value.low >> 62 == 2 })
  }

  /// Whatever outcomes follow each other, on however many numbers, no lead is called more often than allowed.
  @Test(arguments: UInt64(1)...200)
  func noLeadIsCalledMoreOftenThanAllowed(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let rules = try rules(
      maxPerLead: Int.random(in: 1...5, using: &generator),
      retries: RetryPolicy.presets.randomElement(using: &generator) ?? .standard)
    var callee = callee("+12125550123")
    for index in 1..<Int.random(in: 2...4, using: &generator) {
      let phone = "+1310555\(1000 + index)"
      callee.numbers.append(
        .init(index: index, phone: phone, place: LeadPlace(phone), consent: .unknown))
    }
    var now = try instant("2026-03-02T15:00:00Z")
    var made: [RetryJudgement.Earlier] = []
    var entry = QueueEntry(lead: LeadID.random(), rank: 1, dueAt: now)
    for _ in 0..<50 {
      let decision = DialDecision.decide(callee, entry: entry, rules: rules, facts: DialFacts(), now: now)
      if case .wait(let until, _) = decision { now = until }
      if case .never = decision { break }
      guard case .dial(let permission) = decision else { continue }
      #expect(!entry.isSpent(permission.number.index))
      entry.attempts += 1
      if Int.random(in: 0..<5, using: &generator) == 0 {
        entry.withdrawn += 1  // It never left.
        continue
      }
      let outcome = [CallOutcome.noAnswer, .busy, .failed, .wrongNumber].randomElement(using: &generator) ?? .busy
      let call = RetryJudgement.Ending(
        call: PastCall(
          outcome: outcome, at: now,
          isPermanentFailure: outcome == .failed && Bool.random(using: &generator)), phone: permission.number.phone,
        optedOut: false)
      let judgement = RetryJudgement(
        call, earlier: made, entry: entry, callee: callee, campaignIsOver: false, rules: rules, now: now + .seconds(30))
      made.append(.init(call: call.call, phone: call.phone))
      guard case .retry(let next) = judgement.verdict else { break }
      #expect(next.dueAt >= now && next.attempts == entry.attempts)
      entry = next
      now = max(now, next.dueAt)
    }
    #expect(made.count <= rules.maxCallsPerLead)
  }

  @Test func anOptOutEndsIt() throws {
    let now = try instant("2026-03-02T15:00:00Z")
    let ending = RetryJudgement.Ending(
      call: PastCall(outcome: .noAnswer, at: now), phone: "+12125550123", optedOut: true)
    let judgement = RetryJudgement(
      ending, earlier: [], entry: QueueEntry(lead: LeadID.random(), rank: 1, dueAt: now, attempts: 1),
      callee: callee("+12125550123"), campaignIsOver: false, rules: try rules(), now: now)
    #expect(judgement.verdict == .finish(reason: "opted_out"))
  }

  /// However its call ended and whichever numbers it has left: the simulation found a wrong number whose lead had another.
  @Test(arguments: CallOutcome.allCases, [true, false]) func nothingIsTriedAgainInACampaignThatIsOver(
    outcome: CallOutcome, isPermanent: Bool
  ) throws {
    let now = try instant("2026-03-02T15:00:00Z")
    for phones in [["+12125550123"], ["+12125550123", "+13125550123"]] {
      let judgement = RetryJudgement(
        .init(
          call: PastCall(outcome: outcome, at: now, isPermanentFailure: isPermanent), phone: phones[0], optedOut: false),
        earlier: [], entry: QueueEntry(lead: LeadID.random(), rank: 1, dueAt: now, attempts: 1),
        callee: Callee(
          numbers: phones.enumerated().map {
            .init(index: $0, phone: $1, place: LeadPlace($1), consent: .unknown)
          }, joinedAt: now), campaignIsOver: true, rules: try rules(), now: now)
      #expect(
        judgement.verdict == .finish(reason: outcome.isFinalForLead ? outcome.rawValue : "campaign_cancelled"))
    }
  }
}

extension LeadPlace {
  /// Of a number as it is written.
  init(_ phone: String, zone: String = "") {
    self.init(try? PhoneNumber.parse(phone, defaultRegion: nil), zone: zone, address: nil)
  }
}
