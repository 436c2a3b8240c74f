import Core
import Telephony
import Testing

@testable import AutoDialer

@Suite struct ClearanceGateTests {
  private let lead = LeadID(UniqueID.derived(from: "lead", "1"))
  private let now = Dialers.monday
  private let url = "https://example.com/eligible"
  private let open = ClearanceGate(canWash: true, canSign: true)

  private func number(_ phone: String, _ consent: Consent = .unknown) -> Callee.Number {
    Callee.Number(index: 0, phone: phone, place: LeadPlace(), consent: consent)
  }

  private func judge(
    _ gate: ClearanceGate, _ number: Callee.Number, url: String? = nil, _ known: [Clearance.Key: Clearance] = [:]
  ) -> [GateVerdict] {
    gate.judge(number: number, lead: lead, eligibilityURL: url, known: known, now: now)
  }

  @Test func onlyAustralianNumbersWithoutExpressConsentAreWashed() {
    for consent in Consent.allCases {
      #expect(judge(open, number("+12125550123", consent)).isEmpty)
      let needs = consent == .unknown || consent == .withdrawn
      #expect(judge(open, number("+61491570156", consent)).count == (needs ? 1 : 0))
    }
  }

  @Test func whereNobodyCanBeAskedNobodyIsCalled() {
    let australian = number("+61491570156")
    let verdicts = judge(.closed, australian, url: url)
    #expect(verdicts.count == 2)
    for (verdict, reason) in zip(verdicts, ["wash_unavailable", "eligibility_unavailable"]) {
      guard case .wait(let until, reason, let finding) = verdict else {
        Issue.record("\(verdict)")
        continue
      }
      #expect(until > now && !finding.passed)
    }
    #expect(ClearanceGate.closed.keys(australian, lead: lead, eligibilityURL: url).isEmpty)
  }

  /// Whatever is stored: a call is let through on a clear word that still holds, and on nothing else.
  @Test(arguments: UInt64(1)...300) func onlyAFreshClearWordLetsACallThrough(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let australian = number("+61491570156")
    let keys = open.keys(australian, lead: lead, eligibilityURL: url)
    #expect(keys == [.wash("+61491570156"), .eligibility(lead, url: url)])
    var known: [Clearance.Key: Clearance] = [:]
    for key in keys + [.eligibility(lead, url: "https://example.com/other")] where Bool.random(using: &generator) {
      let checkedAt = now - .seconds(Int.random(in: 0...100, using: &generator))
      known[key] = Clearance(
        verdict: Clearance.Verdict.allCases.randomElement(using: &generator) ?? .refused, reason: "",
        checkedAt: checkedAt,
        expiresAt: now + .seconds(Int.random(in: -50...50, using: &generator)))
    }
    for (key, verdict) in zip(keys, judge(open, australian, url: url, known)) {
      let clearance = known[key]
      let holds = clearance.map { now < $0.expiresAt } ?? false
      switch verdict {
      case .pass(let finding, let until):
        #expect(holds && clearance?.verdict == .clear && finding.passed && until == clearance?.expiresAt)
      case .never(let reason, _):
        #expect(holds && clearance?.verdict == .refused)
        #expect(reason == (key.kind == .wash ? "wash_listed" : "not_eligible"))
      case .wait(let until, let reason, _):
        #expect(!holds || clearance?.verdict == .unanswered)
        #expect(until > now)
        #expect(ClearanceGate.isNeed(reason) == !holds)
      }
    }
  }

  @Test(arguments: 0...40) func vainTriesAreSpacedOut(tries: Int) {
    var generator = SeededGenerator(seed: UInt64(tries))
    let failed = Clearance.failed("timed out", tries: tries, at: now, using: &generator)
    #expect(failed.verdict == .unanswered && failed.tries == tries + 1)
    #expect(failed.expiresAt >= now + .seconds(24) && failed.expiresAt <= now + .minutes(72))
  }

  @Test func theAddressIsPartOfTheQuestion() {
    let key = Clearance.Key.eligibility(lead, url: "https://example.com/a b?c=d e")
    #expect(key.url == "https://example.com/a b?c=d e")
    #expect(key != .eligibility(lead, url: url))
  }

  @Test(arguments: [
    (#"{"results":[{"number":"+61491570156","status":"clear"}]}"#, Clearance.Verdict?.some(.clear)),
    (#"{"results":[{"number":"+61491570156","status":"listed"}]}"#, .some(.refused)),
    (#"{"results":[{"number":"+61491570156","status":"CLEAR"}]}"#, .some(.unanswered)),
    (#"{"results":[{"number":"+61491570156"}]}"#, .some(.unanswered)),
    (#"{"results":[{"number":"0491570156","status":"clear"}]}"#, nil),
    (
      #"{"results":[{"number":"+61491570156","status":"clear"},{"number":"+61491570156","status":"listed"}]}"#,
      .some(.refused)
    ),
    (
      #"{"results":[{"number":"+61491570156","status":"listed"},{"number":"+61491570156","status":"clear"}]}"#,
      .some(.refused)
    ),
    (
      #"{"results":[{"number":"+61491570156","status":"clear"},{"number":"+61491570156","status":"?"}]}"#,
      .some(.unanswered)
    ),
    (#"{"results":{"number":"+61491570156","status":"clear"}}"#, nil),
    ("[]", nil),
  ]) func aRegistersAnswerIsReadStrictly(body: String, verdict: Clearance.Verdict?) throws {
    #expect(try WashAnswer.verdicts(Array(body.utf8))["+61491570156"] == verdict)
  }

  @Test(arguments: [
    (#"{"eligible":true,"ttl_seconds":600}"#, Bool?.some(true), 600),
    (#"{"eligible":false,"reason":"sold"}"#, .some(false), 60),
    (#"{"eligible":true,"ttl_seconds":99999999}"#, .some(true), 86_400),
    (#"{"eligible":true,"ttl_seconds":-1}"#, nil, 0),
    (#"{"eligible":true,"ttl_seconds":"600"}"#, nil, 0),
    (#"{"eligible":"true"}"#, nil, 0), (#"{"eligible":1}"#, nil, 0), (#"{}"#, nil, 0), ("true", nil, 0),
    ("<html>", nil, 0), ("", nil, 0),
  ]) func onlyAClearYesOrNoIsAnAnswer(body: String, isEligible: Bool?, seconds: Int) {
    let answer = EligibilityAnswer(Array(body.utf8), shortest: .seconds(60))
    #expect(answer?.isEligible == isEligible)
    if let answer { #expect(answer.life == .seconds(seconds)) }
  }
}
