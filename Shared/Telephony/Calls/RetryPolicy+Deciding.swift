public import Core

/// A call that ended, as far as retries depend on it.
public struct PastCall: Hashable, Sendable {
  public var outcome: CallOutcome
  /// When it was placed.
  public var at: Instant
  /// Whether the network said that the number does not exist or takes no calls: another call would end the same way.
  public var isPermanentFailure: Bool

  public init(outcome: CallOutcome, at: Instant, isPermanentFailure: Bool = false) {
    self.outcome = outcome
    self.at = at
    self.isPermanentFailure = isPermanentFailure
  }
}

/// What is to happen to a lead after a call.
public enum RetryDecision: Hashable, Sendable {
  /// Call again at `notBefore`, which lies in a window. When it could not be called then, look for the next opening
  /// with `DialWindow.avoiding(avoiding)`, if there is one to avoid, and not after `notAfter`, if there is an end.
  case retry(notBefore: Instant, notAfter: Instant?, avoiding: MinuteRange?)
  /// Never call again in this campaign.
  case final(FinalReason)

  /// Why a lead is not called again.
  public enum FinalReason: String, Hashable, Sendable, CaseIterable {
    /// The outcome settles it.
    case outcomeIsFinal = "outcome_is_final"
    /// The lead had as many calls as the campaign allows.
    case maximumCalls = "max_attempts"
    /// The policy does not retry this outcome.
    case notRetried = "no_retry"
    /// The policy's retries for this outcome are used up.
    case retriesSpent = "retries_spent"
    /// The number does not exist or takes no calls.
    case permanentFailure = "permanent_failure"
    /// It had to be the same day, and no window was left on it.
    case dayIsOver = "day_is_over"
    /// No instant within 400 days is inside the campaign's windows and the law.
    case noWindow = "no_legal_window"
  }
}

extension RetryPolicy {
  /// How long to wait for a different time of day before the same one is better than none.
  private static let patience = Duration.seconds(7 * 86_400)

  /// Decides what follows a call.
  ///
  /// - Parameters:
  ///   - call: The call that has just ended.
  ///   - earlier: All calls to the lead before it, in any order.
  ///   - maximumCalls: How many calls the lead may have in all, whatever their outcomes.
  ///   - now: From when delays count; the end of the call, or later.
  ///   - window: When the lead may be called.
  ///   - zones: Every zone where the lead can be. "The same day" has to be the same in all of them.
  public func decide(
    after call: PastCall, earlier: [PastCall], maximumCalls: Int = defaultMaximumCalls, now: Instant,
    window: DialWindow, zones: [TimeZoneRules]
  ) -> RetryDecision {
    guard !call.outcome.isFinalForLead else { return .final(.outcomeIsFinal) }
    guard !call.isPermanentFailure else { return .final(.permanentFailure) }
    guard let rule = rules[call.outcome], rule.maximumRetries > 0 else { return .final(.notRetried) }
    let retriesSoFar = earlier.count { $0.outcome == call.outcome }
    guard retriesSoFar < rule.maximumRetries else { return .final(.retriesSpent) }
    guard earlier.count + 1 < maximumCalls else { return .final(.maximumCalls) }

    let afterDelay = now + rule.delay(ofRetry: retriesSoFar)
    let due = earliest(rule: rule, afterDelay: afterDelay, now: now, window: window, zones: zones)
    let dayEnd = rule.day == .same ? zones.map { $0.startOfDay(after: now, days: 1) }.min() : nil
    if rule.differentWindow, let called = zones.first.flatMap({ window.windows.window(around: $0.local(at: call.at)) })
    {
      let opening = window.avoiding(called).nextOpening(after: due, zones: zones)
      if let opening, opening < dayEnd ?? (due + Self.patience) {
        return .retry(notBefore: opening, notAfter: dayEnd, avoiding: called)
      }
    }
    guard let opening = window.nextOpening(after: due, zones: zones) else { return .final(.noWindow) }
    if let dayEnd, opening >= dayEnd { return .final(.dayIsOver) }
    return .retry(notBefore: opening, notAfter: dayEnd, avoiding: nil)
  }

  private func earliest(
    rule: RetryRule, afterDelay: Instant, now: Instant, window: DialWindow, zones: [TimeZoneRules]
  ) -> Instant {
    guard rule.day == .nextBusiness else { return afterDelay }
    return zones.map { $0.startOfNextBusinessDay(after: now, isBusinessDay: window.isBusinessDay) }
      .reduce(afterDelay, max)
  }
}

extension TimeZoneRules {
  /// The instant at which the local day begins that is `days` after that of `instant`.
  func startOfDay(after instant: Instant, days: Int) -> Instant {
    let date = local(at: instant).date.adding(days: days)
    return Instant(wholeSeconds: lastReaching(local: Int64(date.daysSince1970) * 86_400))
  }

  /// The start of the first local business day after that of `instant`. Nobody has a month of holidays: the search ends
  /// there, and the window decides in any case.
  func startOfNextBusinessDay(after instant: Instant, isBusinessDay: (CivilDate) -> Bool) -> Instant {
    let today = local(at: instant).date
    let days = (1...31).first { isBusinessDay(today.adding(days: $0)) } ?? 1
    return startOfDay(after: instant, days: days)
  }
}
