import Core

/// What the dialer said about the future of leads, held against what it then did.
extension Witness {
  struct Promise: Sendable {
    var madeAt: Instant
    /// It is not called before; nil: never.
    var notBefore: Instant?
    var words: String
  }

  func promise(_ lead: LeadID, _ promise: Promise) { state.withLock { $0.promises[lead] = promise } }

  /// The dialer has permitted a call.
  func permitted(_ lead: LeadID, of campaign: CampaignID, at now: Instant) {
    state.withLock { state in
      guard let promise = state.promises.removeValue(forKey: lead) else { return }
      guard now + Self.tolerance < promise.notBefore ?? .distantFuture else { return }
      // News of what was done shortly before may have come afterwards.
      let changes = state.campaigns[campaign]?.changes ?? []
      guard !changes.contains(where: { $0 > promise.madeAt - Self.grace }) else { return }
      blame(
        &state, "\(now): a call was permitted, of which was said at \(promise.madeAt): \(promise.words)", lead: lead)
    }
  }

  /// A placed call at random, with everything that was placed for its lead by the same time.
  func placement(_ draws: Draws) -> (placement: Placement, endedAt: Instant?)? {
    state.withLock { state in
      guard let placement = draws.pick(state.placements) else { return nil }
      return (placement, state.endedAt[placement.call])
    }
  }

  /// The lead's calls that the carrier had taken by then.
  func calls(of lead: LeadID, by instant: Instant) -> [CallID] {
    state.withLock { state in
      (state.placementsOf[lead] ?? []).map { state.placements[$0] }.filter { $0.at <= instant }.map(\.call)
    }
  }

  /// Whether operators did something with the campaign around then, of which news may have come later.
  func hasChanged(_ campaign: CampaignID, around instant: Instant) -> Bool {
    state.withLock { state in
      (state.campaigns[campaign]?.changes ?? []).contains {
        $0 > instant - Self.grace && $0 < instant + Self.tolerance
      }
    }
  }

  func isWashed(_ phone: String) -> Bool { state.withLock { $0.washed[phone] != nil } }
}
