/// The states of a campaign and the changes between them. Pure.
enum CampaignLife {
  enum State: String, Sendable, CaseIterable {
    /// May become active or cancelled.
    case draft
    /// May be paused, completed or cancelled.
    case active
    /// May become active again, or cancelled; completed when its last leads end while it is paused.
    case paused
    /// Every lead has a final outcome. The end.
    case completed
    /// Stopped by somebody. The end.
    case cancelled

    var isOver: Bool { self == .completed || self == .cancelled }
  }

  /// What somebody, or the system, wants of a campaign.
  enum Change: String, Sendable {
    case start, pause, resume, stop, complete
  }

  /// Why a change cannot be made, for people.
  struct Refusal: Error, Hashable, Sendable {
    var message: String
  }

  /// The state after a change.
  static func state(after change: Change, from state: State) throws(Refusal) -> State {
    switch (change, state) {
    case (.start, .draft): return .active
    case (.pause, .active): return .paused
    case (.resume, .paused): return .active
    case (.stop, .draft), (.stop, .active), (.stop, .paused): return .cancelled
    case (.complete, .active), (.complete, .paused): return .completed
    case (.start, .paused): throw Refusal(message: "the campaign is paused; resume it instead of starting it")
    case (.resume, .draft): throw Refusal(message: "the campaign was never started; start it")
    case (_, .completed): throw Refusal(message: "the campaign is completed")
    case (_, .cancelled): throw Refusal(message: "the campaign was stopped, which cannot be undone")
    case (.start, .active), (.resume, .active): throw Refusal(message: "the campaign is active already")
    case (.pause, .paused): throw Refusal(message: "the campaign is paused already")
    case (.pause, .draft), (.complete, .draft):
      throw Refusal(message: "the campaign is a draft; only an active campaign can be paused or completed")
    }
  }
}
