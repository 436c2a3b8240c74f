import Core

/// What it takes to be done by a time: the forecast again, with other numbers of calls at once. Pure.
struct ForecastPlan: Hashable, Sendable {
  /// Calls at once with which every lead is done by then; nil: no number is enough.
  var lines: Int?
  /// With those lines, or with as many as there can be.
  var forecast: Forecast

  /// As many as a campaign may ask for.
  static let mostLines = 10_000
  /// Near enough: one line in so many.
  private static let precision = 50

  static func make(_ question: Forecast.Question, finishingBy end: Instant) async throws -> ForecastPlan {
    let widest = try await Forecast.foretell(question, concurrency: mostLines)
    guard isDone(widest, by: end) else { return ForecastPlan(lines: nil, forecast: widest) }
    // More than its peak is of no use.
    var plan = ForecastPlan(lines: max(1, widest.peakLines), forecast: widest)
    var (enough, tooFew) = (max(1, widest.peakLines), 0)
    while enough - tooFew > max(1, enough / precision) {
      let middle = max(tooFew + 1, tooFew == 0 ? enough / 4 : (enough + tooFew) / 2)
      let tried = try await Forecast.foretell(question, concurrency: middle)
      if isDone(tried, by: end) {
        enough = middle
        plan = ForecastPlan(lines: middle, forecast: tried)
      } else {
        tooFew = middle
      }
    }
    return plan
  }

  private static func isDone(_ forecast: Forecast, by end: Instant) -> Bool {
    forecast.endsAt.map { $0 <= end } ?? false
  }
}
