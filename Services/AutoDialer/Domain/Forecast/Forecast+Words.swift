import Core

// Forecasts in words.

extension Forecast {
  /// In one sentence: when it is done, or why not.
  func sentence(horizonDays: Int) -> String {
    if leads == 0 { return "no lead waits: there is nothing to call" }
    if let endsAt {
      return "done by \(endsAt.forPeople) after \(calls) calls\(limitedBy.map { "; \($0)" } ?? "")"
    }
    let open = openLeads == 1 ? "1 lead is" : "\(openLeads) leads are"
    switch stop {
    case .budget: return "the budget is spent after \(calls) calls; \(open) left: raise policy.budgetMicros"
    case .schedule: return "the campaign ends before it is done; \(open) left after \(calls) calls"
    case .callerID: return "no number can be shown: add one to the pool, or put one back; \(open) left"
    case .horizon, nil:
      return "does not finish within \(horizonDays) days: \(open) left after \(calls) calls"
        + (limitedBy.map { "; \($0)" } ?? "")
    }
  }

  private var limitedBy: String? {
    switch mainConstraint {
    case .limit(let limit): "what limits it most is \(limit.forPeople)"
    case .window: "on most days the leads' hours leave nobody to call"
    case .nothingDue: "on most days everybody due is called and the rest waits for retries"
    case nil: nil
    }
  }
}

extension Allowance.Limit {
  var forPeople: String {
    switch self {
    case .schedule: "the campaign's start and end"
    case .concurrency: "the campaign's calls at once (policy.maxConcurrentCalls)"
    case .callsPerMinute: "the campaign's calls a minute (policy.maxCallsPerMinute)"
    case .callsPerDay: "the campaign's calls a day (policy.maxCallsPerDay)"
    case .budget: "the budget (policy.budgetMicros)"
    case .callerID: "the calls that its numbers may make a day"
    case .tenantConcurrency: "the tenant's calls at once"
    case .tenantCallsPerDay: "the tenant's calls a day"
    case .providerConcurrency: "the provider's calls at once"
    case .providerCallsPerMinute: "the provider's calls a minute"
    case .providerBroken, .providerHeld: "the provider, which takes no calls now"
    }
  }
}
