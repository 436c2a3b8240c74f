import Testing

@testable import CampaignExecutor

@Suite struct CampaignLifeTests {
  private let legal: [CampaignLife.State: [CampaignLife.Change: CampaignLife.State]] = [
    .draft: [.start: .active, .stop: .cancelled],
    .active: [.pause: .paused, .stop: .cancelled, .complete: .completed],
    .paused: [.resume: .active, .stop: .cancelled, .complete: .completed],
    .completed: [:], .cancelled: [:],
  ]

  @Test(arguments: CampaignLife.State.allCases)
  func everyChangeIsLegalOrRefusedWithAReason(_ state: CampaignLife.State) {
    for change in [CampaignLife.Change.start, .pause, .resume, .stop, .complete] {
      if let after = legal[state]?[change] {
        #expect((try? CampaignLife.state(after: change, from: state)) == after)
      } else {
        #expect(throws: CampaignLife.Refusal.self) { try CampaignLife.state(after: change, from: state) }
      }
    }
  }
}
