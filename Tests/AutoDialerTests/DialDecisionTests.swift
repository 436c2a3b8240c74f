import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct DialDecisionTests {
  private func rules(maxPerLead: Int = 3, retries: RetryPolicy = .standard) throws -> CampaignRules {
    CampaignRules(
      tenant: .standard, campaign: CampaignID.random(), policyVersion: 4, callType: .qualifyLead, windows: .standard,
      zone: try #require(TimeZoneRules.named("America/New_York")), retries: retries, maxCallsPerLead: maxPerLead,
      maxCallsPerDay: 10, maxCallsPerMinute: 5, maxConcurrentCalls: 3,
      callerIDs: ["+15005550006", "+15005550007"])
  }

  private func place(_ number: String) throws -> LeadPlace {
    LeadPlace(number: try PhoneNumber.parse(number, defaultRegion: nil), zone: "")
  }

  private func instant(_ text: String) throws -> Instant { try #require(Instant(rfc3339: text)) }

  @Test func insideTheWindowItMayBeCalledUntilItsPermitRunsOut() throws {
    let now = try instant("2026-03-02T15:00:00Z")  // Monday, 10:00 in New York.
    let place = try place("+12125550123")
    let rules = try rules()
    let decision = DialDecision.decide(
      rules: rules, place: place, attempts: 0, window: place.dialWindow(rules), now: now)
    guard case .dial(let permission) = decision else {
      Issue.record("\(decision)")
      return
    }
    #expect(permission.expiresAt == now + DialDecision.permitLife)
    #expect(permission.evidence.contains { $0.contains("policy: version 4") })
  }

  @Test func aPermitDoesNotOutliveTheWindow() throws {
    let now = try instant("2026-03-02T16:59:00Z")  // A minute before lunch in New York.
    let place = try place("+12125550123")
    let rules = try rules()
    guard
      case .dial(let permission) = DialDecision.decide(
        rules: rules, place: place, attempts: 0, window: place.dialWindow(rules), now: now)
    else {
      Issue.record("not dialed")
      return
    }
    #expect(permission.expiresAt == now + .seconds(60))
  }

  @Test func outsideItWaitsForTheNextOpening() throws {
    let place = try place("+12125550123")
    let rules = try rules()
    let decision = DialDecision.decide(
      rules: rules, place: place, attempts: 0, window: place.dialWindow(rules),
      now: try instant("2026-03-02T17:30:00Z"))
    #expect(decision == .wait(until: try instant("2026-03-02T18:00:00Z"), reason: "campaign_windows"))
  }

  @Test func theMaximumOfCallsHolds() throws {
    let place = try place("+12125550123")
    let rules = try rules(maxPerLead: 2)
    let decision = DialDecision.decide(
      rules: rules, place: place, attempts: 2, window: place.dialWindow(rules),
      now: try instant("2026-03-02T15:00:00Z"))
    #expect(decision == .never(reason: "max_attempts"))
  }

  @Test func anUnknownZoneIsNeverCalled() throws {
    let number = try PhoneNumber.parse("+12125550123", defaultRegion: nil)
    let place = LeadPlace(number: number, zone: "Mars/Olympus_Mons")
    let rules = try rules()
    let decision = DialDecision.decide(
      rules: rules, place: place, attempts: 0, window: place.dialWindow(rules),
      now: try instant("2026-03-02T15:00:00Z"))
    #expect(decision == .never(reason: "zone_unknown"))
  }

  @Test func limitsBindInTheirOrder() throws {
    let rules = try rules()
    let now = try instant("2026-03-02T15:00:30Z")
    let fresh = Allowance.Counters(
      day: CivilDate(daysSince1970: 0), dayCalls: 99, minuteStart: Instant(microsecondsSince1970: 0), minuteCalls: 99
    ).rolled(to: now, zone: rules.zone)
    #expect(fresh.dayCalls == 0 && fresh.minuteCalls == 0)
    #expect(Allowance(rules: rules, live: 1, counters: fresh, now: now).calls == 2)
    var used = fresh
    used.count(4)
    #expect(Allowance(rules: rules, live: 0, counters: used, now: now).limit == .callsPerMinute)
    used.count(5)
    #expect(Allowance(rules: rules, live: 3, counters: used, now: now).calls == 0)
    used.minuteCalls = 0
    #expect(Allowance(rules: rules, live: 0, counters: used, now: now).limit == .callsPerDay)
  }

  @Test func aCallShowsTheSameNumberAlways() throws {
    let rules = try rules()
    let call = CallID.attempt(1, lead: LeadID.random(), campaign: rules.campaign, tenant: .standard)
    #expect(rules.callerID(for: call) == rules.callerID(for: call))
    #expect(rules.callerIDs.contains(rules.callerID(for: call)))
  }

  @Test func theSameAttemptHasTheSameIdAndAnotherOneAnother() {
    let (lead, campaign) = (LeadID.random(), CampaignID.random())
    let first = CallID.attempt(1, lead: lead, campaign: campaign, tenant: .standard)
    #expect(first == CallID.attempt(1, lead: lead, campaign: campaign, tenant: .standard))
    #expect(first != CallID.attempt(2, lead: lead, campaign: campaign, tenant: .standard))
  }

  /// Whatever outcomes follow each other, no lead is called more often than the campaign allows.
  @Test(arguments: UInt64(1)...200)
  func noLeadIsCalledMoreOftenThanAllowed(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let rules = try rules(
      maxPerLead: Int.random(in: 1...5, using: &generator),
      retries: RetryPolicy.presets.randomElement(using: &generator) ?? .standard)
    let place = try place("+12125550123")
    var now = try instant("2026-03-02T15:00:00Z")
    var made: [PastCall] = []
    var task = DueTask(lead: LeadID.random(), attempts: 0, withdrawn: 0)
    for _ in 0..<50 {
      guard case .dial = task.decide(rules: rules, place: place, now: now) else {
        if case .wait(let until, _) = task.decide(rules: rules, place: place, now: now) {
          now = until
          continue
        }
        break
      }
      task.attempts += 1
      if Int.random(in: 0..<5, using: &generator) == 0 {
        task.withdrawn += 1  // It never left.
        continue
      }
      let outcome = [CallOutcome.noAnswer, .busy, .failed, .failed].randomElement(using: &generator) ?? .busy
      let call = PastCall(outcome: outcome, at: now)
      let judgement = RetryJudgement(
        outcome: outcome, optedOut: false, campaignIsOver: false, call: call, earlier: made, rules: rules, place: place,
        now: now + .seconds(30))
      made.append(call)
      guard case .retry(let retry) = judgement.verdict else { break }
      #expect(retry.dueAt >= now)
      now = max(now, retry.dueAt)
      task.notAfter = retry.notAfter
      task.avoiding = retry.avoiding
    }
    #expect(made.count <= rules.maxCallsPerLead)
  }

  @Test func anOptOutEndsIt() throws {
    let rules = try rules()
    let now = try instant("2026-03-02T15:00:00Z")
    let judgement = RetryJudgement(
      outcome: .noAnswer, optedOut: true, campaignIsOver: false, call: PastCall(outcome: .noAnswer, at: now),
      earlier: [], rules: rules, place: try place("+12125550123"), now: now)
    #expect(judgement.verdict == .finish(reason: "opted_out"))
  }
}
