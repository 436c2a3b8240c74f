import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// Limits of tenants and providers, and how budgets stand.
struct LimitRPC: LimitServiceHandler {
  let store: DialStore
  let clock: any BusinessClock

  private static let largest: Int32 = 1_000_000

  func getTenantLimits(_ request: GetTenantLimitsRequest, context: CallContext) async throws -> TenantLimits {
    let standing = try await store.standings(
      tenant: context.tenantID(), provider: Self.provider(""), now: clock.now()
    ).tenant
    var limits = TenantLimits()
    limits.timeZone = standing.zone.name
    limits.maxCallsPerDay = Int32(clamping: standing.standing.maxCallsPerDay ?? 0)
    limits.maxConcurrentCalls = Int32(clamping: standing.standing.maxConcurrentCalls ?? 0)
    limits.callsToday = Int32(clamping: standing.standing.dayCalls)
    limits.callsInFlight = Int32(clamping: standing.standing.live)
    return limits
  }

  func setTenantLimits(_ request: SetTenantLimitsRequest, context: CallContext) async throws -> TenantLimits {
    let limits = request.limits ?? TenantLimits()
    try await store.setTenantLimit(
      context.tenantID(), zone: Self.zone(limits.timeZone, "limits.time_zone"),
      maxCallsPerDay: Self.limit(limits.maxCallsPerDay, "limits.max_calls_per_day"),
      maxConcurrentCalls: Self.limit(limits.maxConcurrentCalls, "limits.max_concurrent_calls"))
    return try await getTenantLimits(GetTenantLimitsRequest(), context: context)
  }

  func getProviderLimits(_ request: GetProviderLimitsRequest, context: CallContext) async throws -> ProviderLimits {
    let now = clock.now()
    let name = try Self.provider(request.provider)
    let standing = try await store.standings(tenant: context.tenantID(), provider: name, now: now).provider
    var limits = ProviderLimits()
    limits.provider = name
    limits.maxConcurrentCalls = Int32(clamping: standing.maxConcurrentCalls ?? 0)
    limits.inboundPercent = Int32(clamping: standing.inboundPercent)
    limits.maxCallsPerMinute = Int32(clamping: standing.maxCallsPerMinute ?? 0)
    var condition = ProviderCondition()
    condition.callsInFlight = Int32(clamping: standing.live)
    condition.failures = Int32(clamping: standing.breaker.failures)
    condition.brokenUntil = standing.breaker.openUntil.map(Timestamp.init)
    if let hold = standing.hold, now < hold.until {
      condition.heldUntil = Timestamp(hold.until)
      condition.heldReason = hold.reason.rawValue
    }
    limits.condition = condition
    return limits
  }

  func setProviderLimits(_ request: SetProviderLimitsRequest, context: CallContext) async throws -> ProviderLimits {
    let limits = request.limits ?? ProviderLimits()
    let name = try Self.provider(limits.provider)
    guard (0...90).contains(limits.inboundPercent) else {
      throw RPCError(.invalidArgument, "limits.inbound_percent: \(limits.inboundPercent) is outside 0 to 90")
    }
    try await store.setProviderLimit(
      name, tenant: context.tenantID(),
      maxConcurrentCalls: Self.limit(limits.maxConcurrentCalls, "limits.max_concurrent_calls"),
      inboundPercent: limits.inboundPercent == 0 ? nil : Int(limits.inboundPercent),
      maxCallsPerMinute: Self.limit(limits.maxCallsPerMinute, "limits.max_calls_per_minute"))
    var again = GetProviderLimitsRequest()
    again.provider = name
    return try await getProviderLimits(again, context: context)
  }

  func getBudget(_ request: GetBudgetRequest, context: CallContext) async throws -> BudgetStatus {
    let id = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    guard let campaign = try await store.campaign(id, tenant: context.tenantID()) else {
      throw RPCError(.notFound, "the dialer knows no campaign with the id \(id); one is known once it was started")
    }
    let budget = try await store.budget(campaign.rules)
    var status = BudgetStatus()
    status.campaignId = id.description
    status.budgetMicros = budget.limit ?? 0
    status.spentMicros = budget.spent
    status.reservedMicros = budget.reserved
    status.expectedCallCostMicros = budget.expected
    return status
  }

  static func provider(_ name: String) throws(RPCError) -> String {
    guard name.isEmpty || name == "twilio" else {
      throw RPCError(.invalidArgument, "provider: \"\(name)\" is not known; \"twilio\" is")
    }
    return "twilio"
  }

  static func zone(_ name: String, _ field: String) throws(RPCError) -> TimeZoneRules {
    guard let zone = TimeZoneRules.named(name.isEmpty ? "UTC" : name) else {
      throw RPCError(.invalidArgument, "\(field): \"\(name)\" is no IANA time zone, such as Australia/Sydney")
    }
    return zone
  }

  private static func limit(_ value: Int32, _ field: String) throws(RPCError) -> Int? {
    guard (0...largest).contains(value) else {
      throw RPCError(.invalidArgument, "\(field): \(value) is outside 0 (no limit) to \(largest)")
    }
    return value == 0 ? nil : Int(value)
  }
}
