import Core

/// Why a campaign cannot go on until somebody mends something, or for long. Told once, when it begins. Pure.
struct Blockage: Hashable, Sendable {
  enum Reason: String, Hashable, Sendable {
    case budgetExceeded = "budget_exceeded"
    case providerThrottled = "provider_throttled"
    case agentUnavailable = "agent_unavailable"
    case noCallerID = "no_caller_id"
  }

  var reason: Reason
  /// For people.
  var detail: String
  /// Nil: it does not pass by itself.
  var until: Instant?

  /// A provider that has held calls back for this long without a break is worth telling of.
  static let lasting = Duration.minutes(5)

  /// - Parameter allowance: With no calls left.
  init?(_ allowance: Allowance, _ now: Allowance.Circumstances, stock: CallerIDStock, at instant: Instant) {
    switch allowance.limit {
    case .budget:
      guard now.budget.isExhausted, let limit = now.budget.limit else { return nil }
      self.init(
        reason: .budgetExceeded,
        detail: "\(now.budget.spent) of \(limit) micro-dollars are spent and a call is expected to cost "
          + "\(now.budget.expected); raise policy.budgetMicros to go on")
    case .callerID:
      guard case .untilMended = stock.closed(at: instant) else { return nil }
      self.init(
        reason: .noCallerID,
        detail: stock.numbers.isEmpty
          ? "the pool has no number of the campaign's tier; add one or choose another policy.callerIdTier"
          : "every number is quarantined or retired; put one back, or add one")
    case .providerHeld:
      guard let hold = now.provider.hold, hold.since.duration(to: instant) >= Self.lasting else { return nil }
      self.init(
        reason: hold.reason,
        detail: hold.reason == .agentUnavailable
          ? "every media slot has been taken since \(hold.since.rfc3339); start another media-bridge"
          : "the provider has refused more calls since \(hold.since.rfc3339); lower the provider's calls a minute",
        until: hold.until)
    case .schedule, .concurrency, .callsPerMinute, .callsPerDay, .tenantConcurrency, .tenantCallsPerDay,
      .providerConcurrency, .providerCallsPerMinute, .providerBroken:
      return nil
    }
  }

  private init(reason: Reason, detail: String, until: Instant? = nil) {
    (self.reason, self.detail, self.until) = (reason, detail, until)
  }
}
