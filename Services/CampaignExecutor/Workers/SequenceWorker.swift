import Core
import Lifecycle
import Logging

/// Moves leads to the steps of their sequences when these are due.
struct SequenceWorker: Sendable {
  let store: CampaignStore
  let clock: any BusinessClock
  let logger: Logger

  var service: Rounds {
    Rounds(
      "sequence-worker", every: .milliseconds(500), afterFailure: .seconds(2), logger: logger,
      failure: "due steps could not be moved; trying again"
    ) {
      try await moveDue() > 0
    }
  }

  /// One batch of each campaign. Answers how many leads moved.
  func moveDue() async throws -> Int {
    let now = clock.now()
    var moved = 0
    try await Rounds.each(store.campaignsWithDueSteps(now: now)) { campaign in
      moved += try await store.moveDueSteps(of: campaign, now: now)
    }
    return moved
  }
}
