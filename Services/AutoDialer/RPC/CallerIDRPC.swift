import CampaignTerms
import Core
import RPC
import RingmasterMessages
import RingmasterServices
import Telephony
import Wire

/// The numbers that calls show: what people see of them and decide about them.
struct CallerIDRPC: CallerIdServiceHandler {
  let store: DialStore
  let numbers: NumberServiceClient
  let clock: any BusinessClock

  func listCallerIds(_ request: ListCallerIdsRequest, context: CallContext) async throws -> ListCallerIdsResponse {
    let page = try Page(request.page)
    let tenant = try context.tenantID()
    let state = try request.state == .unspecified ? nil : Self.state(request.state)
    let tier = try request.tier == 0 ? nil : Self.tier(request.tier)
    let found = try await store.callerIDs(
      after: page.cursor, limit: page.limit, state: state, tier: tier, tenant: tenant)
    var response = ListCallerIdsResponse()
    for stored in found { response.callerIds.append(try await shown(stored, tenant: tenant)) }
    if found.count == page.limit { response.nextCursor = found.last?.callerID.number ?? "" }
    return response
  }

  func getCallerId(_ request: GetCallerIdRequest, context: CallContext) async throws -> CallerId {
    let tenant = try context.tenantID()
    return try await shown(existing(request.number, tenant: tenant), tenant: tenant)
  }

  func addCallerId(_ request: AddCallerIdRequest, context: CallContext) async throws -> CallerId {
    let tenant = try context.tenantID()
    let number = try Self.number(request.number)
    let zone = try await zone(request.timeZone, tenant: tenant)
    try await store.add(
      .init(
        number: number, tier: Self.tier(request.tier), provider: LimitRPC.provider(request.provider), zone: zone,
        isWarm: request.isWarm), tenant: tenant, now: clock.now())
    return try await shown(existing(number, tenant: tenant), tenant: tenant)
  }

  func changeCallerId(_ request: ChangeCallerIdRequest, context: CallContext) async throws -> CallerId {
    let tenant = try context.tenantID()
    let event: CallerIDStanding.Event? =
      switch request.state {
      case .unspecified: nil
      case .warming: .warmUp
      case .active: .activate
      case .cooling: .rest
      case .quarantined: .quarantine
      case .retired: .retire
      case .unrecognized: throw RPCError(.invalidArgument, "state: is not known")
      }
    let tier = try request.tier == 0 ? nil : Self.tier(request.tier)
    let before = try await existing(request.number, tenant: tenant)
    if before.callerID.standing.state == .retired, event != nil, event != .retire {
      throw RPCError(.failedPrecondition, "\(request.number) is retired, for good; add another number")
    }
    guard
      let stored = try await store.change(
        request.number, event: event, tier: tier, tenant: tenant, now: clock.now())
    else { throw Self.unknown(request.number) }
    return try await shown(stored, tenant: tenant)
  }

  func provisionCallerIds(
    _ request: ProvisionCallerIdsRequest, context: CallContext
  ) async throws -> ProvisionCallerIdsResponse {
    let tenant = try context.tenantID()
    let order = try Provisioning.Order(
      request, tenant: tenant, provider: LimitRPC.provider(request.provider), tier: Self.tier(request.tier),
      zone: try await zone(request.timeZone, tenant: tenant))
    let provisioning = Provisioning(store: store, numbers: numbers, clock: clock)
    let (bought, shortfall) = try await provisioning.run(order, context: context)
    var response = ProvisionCallerIdsResponse()
    for stored in bought { response.callerIds.append(try await shown(stored, tenant: tenant)) }
    response.shortfall = shortfall
    return response
  }

  /// Retired first, so that no call shows a number that is about to be somebody else's.
  func releaseCallerId(_ request: ReleaseCallerIdRequest, context: CallContext) async throws -> CallerId {
    let tenant = try context.tenantID()
    let stored = try await existing(request.number, tenant: tenant)
    guard let id = stored.providerNumberID else {
      throw RPCError(
        .failedPrecondition, "\(request.number) was not bought through this system; retire it, and see to it yourself")
    }
    guard
      let retired = try await store.change(
        request.number, event: .retire, tier: nil, tenant: tenant, now: clock.now())
    else { throw Self.unknown(request.number) }
    var release = ReleaseNumberRequest()
    release.provider = stored.provider
    release.providerNumberId = id
    _ = try await numbers.releaseNumber(
      release, options: CallOptions(deadline: .seconds(20), tenant: tenant.description, actor: context.actor))
    return try await shown(retired, tenant: tenant)
  }

  private func existing(_ number: String, tenant: TenantID) async throws -> StoredCallerID {
    guard let stored = try await store.callerID(try Self.number(number), tenant: tenant) else {
      throw Self.unknown(number)
    }
    return stored
  }

  /// A number as it stands now, with its health.
  private func shown(_ stored: StoredCallerID, tenant: TenantID) async throws -> CallerId {
    var stored = stored
    stored.callerID.roll(to: clock.now())
    return CallerId(stored, health: try await store.health(of: stored, tenant: tenant))
  }

  private func zone(_ name: String, tenant: TenantID) async throws -> TimeZoneRules {
    if !name.isEmpty { return try LimitRPC.zone(name, "time_zone") }
    return try await store.standings(tenant: tenant, provider: "twilio", now: clock.now()).tenant.zone
  }

  private static func number(_ text: String) throws(RPCError) -> String {
    let digits = text.dropFirst()
    guard text.hasPrefix("+"), (7...15).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      throw RPCError(.invalidArgument, "number: \"\(text)\" is not E.164: + and 7 to 15 digits")
    }
    return text
  }

  private static func tier(_ value: Int32) throws(RPCError) -> Int {
    guard (1...3).contains(value) else { throw RPCError(.invalidArgument, "tier: \(value) is outside 1 to 3") }
    return Int(value)
  }

  private static func state(_ wire: CallerIdState) throws(RPCError) -> CallerIDStanding.State {
    switch wire {
    case .warming: return .warming
    case .active: return .active
    case .cooling: return .cooling
    case .quarantined: return .quarantined
    case .retired: return .retired
    case .unspecified, .unrecognized: throw RPCError(.invalidArgument, "state: is not known")
    }
  }

  private static func unknown(_ number: String) -> RPCError {
    RPCError(.notFound, "\(number) is not among the tenant's numbers")
  }
}

extension CallerId {
  /// - Parameter stored: Rolled to now.
  init(_ stored: StoredCallerID, health: AutoDialer.CallerIDHealth) {
    self.init()
    let number = stored.callerID
    self.number = number.number
    state =
      switch number.standing.state {
      case .warming: .warming
      case .active: .active
      case .cooling: .cooling
      case .quarantined: .quarantined
      case .retired: .retired
      }
    tier = Int32(clamping: number.tier ?? 0)
    provider = stored.provider
    timeZone = number.zone.name
    callsTodayMost = Int32(clamping: number.standing.cap(on: number.day, most: number.callsPerDay) ?? 0)
    callsToday = Int32(clamping: number.dayCalls)
    warmupDay = Int32(clamping: number.standing.warmupDay(on: number.day) ?? 0)
    restsUntil = number.standing.restsUntil.map(Timestamp.init)
    alarm =
      switch stored.alarm {
      case nil: .unspecified
      case .answerRate: .answerRate
      case .shortCalls: .shortCalls
      case .failures: .failures
      }
    alarmAt = number.standing.lastAlarmAt.map(Timestamp.init)
    alarmDetail = stored.alarmDetail ?? ""
    var seen = CallerIdHealth()
    seen.calls = Int32(clamping: health.recent.calls)
    seen.answered = Int32(clamping: health.recent.answered)
    seen.shortCalls = Int32(clamping: health.recent.short)
    seen.failed = Int32(clamping: health.recent.failed)
    seen.usualAnswerPercent = health.earlier.answerRate * 100
    self.health = seen
    lastUsedAt = number.lastUsedAt.map(Timestamp.init)
    addedAt = Timestamp(stored.addedAt)
    providerNumberId = stored.providerNumberID ?? ""
  }
}
