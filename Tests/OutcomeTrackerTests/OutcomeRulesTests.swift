import Core
import Telephony
import Testing

@testable import OutcomeTracker

@Suite struct OutcomeRulesTests {
  private func facts(
    _ status: String?, sip: Int? = nil, answered: Bool = false, by: String? = nil, failure: String? = nil
  ) -> CallFacts {
    CallFacts(
      providerStatus: status, sipCode: sip, answeredBy: by, wasAnswered: answered, failure: failure, talkTime: .zero)
  }

  @Test(
    arguments: [
      ("busy", nil, CallOutcome.busy, false), ("no-answer", nil, .noAnswer, false), ("failed", 480, .noAnswer, false),
      ("failed", 404, .failed, true), ("failed", 503, .failed, false), ("failed", nil, .failed, false),
      ("canceled", nil, .failed, false),
    ] as [(String, Int?, CallOutcome, Bool)])
  func unansweredCalls(_ status: String, _ sip: Int?, _ outcome: CallOutcome, _ permanent: Bool) {
    let decision = OutcomeDecision(facts(status, sip: sip), disposition: nil)
    #expect(decision.outcome == outcome)
    #expect(decision.permanent == permanent)
    #expect(!OutcomeDecision.needsScore(facts(status, sip: sip)))
  }

  @Test func aMachineIsVoicemailWhateverWasSaid() {
    let machine = facts("completed", answered: true, by: "machine_end_beep")
    #expect(!OutcomeDecision.needsScore(machine))
    #expect(OutcomeDecision(machine, disposition: .conversed(qualified: true, score: 100)).outcome == .voicemail)
  }

  @Test func whatWasSaidDecidesAConversation() {
    let call = facts("completed", answered: true, by: "human")
    #expect(OutcomeDecision.needsScore(call))
    #expect(OutcomeDecision(call, disposition: .conversed(qualified: true, score: 80)).outcome == .qualified)
    #expect(OutcomeDecision(call, disposition: .conversed(qualified: false, score: 10)).outcome == .unqualified)
    #expect(OutcomeDecision(call, disposition: .callback).outcome == .callbackRequested)
    #expect(OutcomeDecision(call, disposition: .wrongPerson).outcome == .wrongNumber)
    #expect(OutcomeDecision(call, disposition: .optedOut).optedOut)
    #expect(OutcomeDecision(call, disposition: .silent).outcome == .notInterested)
  }

  /// Somebody who was cut off by us has not said no, and is called again.
  @Test func whatBrokeOffBeforeAnythingWasSaidFailed() {
    var call = facts("completed", answered: true, by: "human")
    call.brokeOff = true
    #expect(OutcomeDecision(call, disposition: .silent).outcome == .failed)
    #expect(!OutcomeDecision(call, disposition: .silent).permanent)
    #expect(OutcomeDecision(call, disposition: .declined).outcome == .notInterested)
    #expect(OutcomeDecision(call, disposition: .conversed(qualified: true, score: 80)).outcome == .qualified)
    call.answeredBy = "machine_start"
    #expect(OutcomeDecision(call, disposition: nil).outcome == .voicemail)
  }

  @Test func aCallThatNobodyHeardOfAgainFailed() {
    #expect(OutcomeDecision(facts(nil, failure: "not_placed"), disposition: nil).outcome == .failed)
    #expect(OutcomeDecision(facts(nil, failure: "21211"), disposition: nil).permanent)
  }

  @Test func theRateCardGivesTheExampleOfThreeMinutes() {
    let lines = RateCard.standard.cost(talkTime: .seconds(180), spokeWithEngine: true)
    #expect(lines.map(\.costMicros) == [42_000, 900_000])
  }

  @Test func minutesBegunAreCharged() {
    #expect(RateCard.standard.cost(talkTime: .seconds(61), spokeWithEngine: false).map(\.costMicros) == [28_000])
    #expect(RateCard.standard.cost(talkTime: .zero, spokeWithEngine: true).isEmpty)
  }
}
