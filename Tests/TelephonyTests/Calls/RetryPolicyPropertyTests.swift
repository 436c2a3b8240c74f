import Core
import Telephony
import Testing

/// Whatever happens to a lead under whatever policy: it is never called too often, too early or outside its hours.
@Suite struct RetryPolicyPropertyTests {
  private func randomPolicy(_ generator: inout SeededGenerator) -> RetryPolicy {
    if Bool.random(using: &generator) { return RetryPolicy.presets.randomElement(using: &generator) ?? .standard }
    var rules: [CallOutcome: RetryRule] = [:]
    for outcome in CallOutcome.allCases where Bool.random(using: &generator) {
      rules[outcome] = RetryRule(
        delays: (0..<Int.random(in: 0...4, using: &generator)).map { _ in
          .seconds(Int.random(in: 0...200_000, using: &generator))
        },
        maximumRetries: Int.random(in: 0...20, using: &generator),
        day: RetryRule.Day.allCases.randomElement(using: &generator) ?? .any,
        differentWindow: Bool.random(using: &generator))
    }
    return RetryPolicy(name: "random", rules: rules)
  }

  @Test(arguments: UInt64(1)...200) func aLeadIsNeverCalledTooOftenOrOutsideItsHours(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let policy = randomPolicy(&generator)
    let maximumCalls = Int.random(in: 1...8, using: &generator)
    let choices: [([String], [String])] = [
      (["US-NY"], ["America/New_York"]), (["US-RI", "US-TX"], ["America/New_York", "America/Chicago"]),
      (["AU-NSW", "AU-WA"], ["Australia/Sydney", "Australia/Perth"]), (["AU-VIC"], ["Australia/Melbourne"]),
      (["GB"], ["Europe/London"]), (["IN"], ["Asia/Kolkata"]),
    ]
    let (places, names) = choices.randomElement(using: &generator) ?? choices[0]
    let zones = try names.map(zone)
    let place = CallingPlace(places: places, zones: zones)
    let excluded = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
      CivilDate(daysSince1970: Int.random(in: 20_100..<21_300, using: &generator))
    }
    let windows = try CallWindows(CallWindows.standard.windows, excludedDates: excluded)
    let window = DialWindow(windows: windows, place: place)
    var now = Instant(
      microsecondsSince1970: Int64.random(in: 1_735_689_600..<1_827_000_000, using: &generator) * 1_000_000)
    now = try #require(window.nextOpening(after: now, zones: zones))

    var calls: [PastCall] = []
    // One turn more than the maximum, which must never be reached.
    while calls.count <= maximumCalls {
      guard case .open = window.verdict(at: now, zones: zones) else {
        Issue.record("called at \(now) outside the window")
        return
      }
      let outcome = CallOutcome.allCases.randomElement(using: &generator) ?? .busy
      let call = PastCall(outcome: outcome, at: now, isPermanentFailure: Int.random(in: 0..<20, using: &generator) == 0)
      let ended = now + .seconds(Int.random(in: 0...300, using: &generator))
      let decision = policy.decide(
        after: call, earlier: calls, maximumCalls: maximumCalls, now: ended, window: window, zones: zones)
      calls.append(call)
      guard case .retry(let notBefore, let notAfter, _) = decision else { break }
      let rule = try #require(policy.rules[outcome])
      let before = calls.dropLast().count { $0.outcome == outcome }
      let wait = rule.delays.isEmpty ? Duration.zero : rule.delays[min(before, rule.delays.count - 1)]
      #expect(!outcome.isFinalForLead)
      #expect(before < rule.maximumRetries)
      #expect(notBefore >= ended + wait)
      if let notAfter { #expect(notBefore < notAfter) }
      for zone in zones {
        let days = zone.local(at: ended).date.daysSince1970...zone.local(at: notBefore).date.daysSince1970
        if rule.day == .same { #expect(days.count == 1) }
        if rule.day == .nextBusiness {
          let date = zone.local(at: notBefore).date
          #expect(days.count > 1 && date.weekday <= 5)
          #expect(!excluded.contains(date))
          if days.count == 2 { #expect(place.envelope.holidays.allSatisfy { $0.holiday(on: date) == nil }) }
        }
      }
      now = notBefore
    }
    #expect(calls.count <= maximumCalls)
  }
}
