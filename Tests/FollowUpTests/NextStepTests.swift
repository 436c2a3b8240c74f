import Telephony
import Testing

@testable import FollowUp

@Suite struct NextStepTests {
  @Test(arguments: CallOutcome.allCases)
  func nothingFollowsAnOptOut(_ outcome: CallOutcome) {
    let step = NextStep.decide(outcome: outcome, optedOut: true, attemptNumber: 1, scoredAction: "schedule_demo")
    #expect(step.emailCampaign == .none && step.action == "none")
  }

  @Test func theCampaignFitsTheHistory() {
    func campaign(_ outcome: CallOutcome, attempt: Int = 1) -> NextStep.EmailCampaign {
      NextStep.decide(outcome: outcome, optedOut: false, attemptNumber: attempt, scoredAction: nil).emailCampaign
    }
    #expect(campaign(.noAnswer) == .cold)
    #expect(campaign(.noAnswer, attempt: 3) == .warmReconnect)
    #expect(campaign(.qualified) == .followUp)
    #expect(campaign(.voicemail) == .voicemailNurture)
    #expect(campaign(.wrongNumber) == .none)
  }

  @Test func theScoreNamesTheAction() {
    #expect(
      NextStep.decide(outcome: .qualified, optedOut: false, attemptNumber: 1, scoredAction: "send_proposal").action
        == "send_proposal")
  }

  @Test func emailsOfASequenceFitWhatHappenedSoFar() {
    #expect(NextStep.email(step: 1, outcome: nil, attempts: 0).emailCampaign == .cold)
    #expect(NextStep.email(step: 3, outcome: .voicemail, attempts: 1).emailCampaign == .voicemailNurture)
    #expect(NextStep.email(step: 3, outcome: .noAnswer, attempts: 2).emailCampaign == .warmReconnect)
    #expect(NextStep.email(step: 3, outcome: .noAnswer, attempts: 2).action == "send_email")
    #expect(NextStep.email(step: 3, outcome: .notInterested, attempts: 1).action == "none")
  }
}
