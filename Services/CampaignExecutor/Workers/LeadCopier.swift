import Core
import Lifecycle
import Logging

/// Copies the leads of campaigns that were cloned, as far as the request did not.
struct LeadCopier: Sendable {
  let store: CampaignStore
  let clock: any BusinessClock
  let logger: Logger

  var service: Rounds {
    Rounds(
      "lead-copier", every: .seconds(1), afterFailure: .seconds(2), logger: logger,
      failure: "leads could not be copied; trying again"
    ) {
      try await copyNext()
    }
  }

  /// A page for each campaign whose leads are coming. Answers whether there was any.
  func copyNext() async throws -> Bool {
    let copies = try await store.copiesUnderWay()
    try await Rounds.each(copies) { copy in
      try await store.copyPage(into: copy.campaign, tenant: copy.tenant, now: clock.now())
    }
    return !copies.isEmpty
  }
}
