/// What the installation says about limits, where a tenant says nothing. Pure.
struct LimitSettings: Hashable, Sendable {
  var rateCard = CallRateCard.standard
  /// Of a provider; nil: no limit.
  var maxConcurrentCalls: Int?
  var maxCallsPerMinute: Int?
  /// Share of the provider's calls at once that is kept for inbound ones.
  var inboundPercent = 0
  /// How a number is picked among those as near.
  var callerIDStyle = CallerIDStock.Style.leastUsed

  static let standard = LimitSettings()
}
