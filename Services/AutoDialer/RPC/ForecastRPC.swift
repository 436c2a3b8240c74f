import CampaignTerms
import Core
import Metrics
import RPC
import RingmasterMessages
import RingmasterServices
import Synchronization
import Telephony
import Wire

/// How campaigns will run: the RPC surface. Reads only.
package final class ForecastRPC: ForecastServiceHandler {
  private let store: DialStore
  private let clock: any BusinessClock
  /// By what it was spent on: "read" leads and calls, "foretell" what becomes of them, "plan" for a date.
  private let seconds: Histogram
  private let running = Mutex(0)

  /// Each holds a connection and a processor for seconds, which dialing needs too.
  private static let mostAtOnce = 2

  package init(store: DialStore, clock: any BusinessClock, metrics: MetricsRegistry) {
    (self.store, self.clock) = (store, clock)
    seconds = metrics.histogram("dialer_forecast_seconds", "Time that forecasts took.", labels: ["phase"])
  }

  package func forecast(_ request: ForecastRequest, context: CallContext) async throws -> CampaignForecast {
    let wish = try ForecastWish(request, now: clock.now())
    let tenant = try context.tenantID()
    let mayRun = running.withLock { running in
      guard running < Self.mostAtOnce else { return false }
      running += 1
      return true
    }
    guard mayRun else {
      throw RPCError(.resourceExhausted, "\(Self.mostAtOnce) forecasts are being made already; try again in a moment")
    }
    defer { running.withLock { $0 -= 1 } }
    return try await answer(wish, tenant: tenant)
  }

  private func answer(_ wish: ForecastWish, tenant: TenantID) async throws -> CampaignForecast {
    let ground = try await timed("read") {
      try await store.forecastGround(
        wish.campaign, tenant: tenant, terms: wish.terms, provider: wish.provider, now: wish.now)
    }
    guard let ground else { throw RPCError(.notFound, "the dialer knows no campaign \(wish.campaign)") }
    guard !["cancelled", "completed"].contains(ground.known.state) else {
      throw RPCError(.failedPrecondition, "the campaign is \(ground.known.state); it makes no more calls")
    }
    let learned = ground.experience?.calls.assumptions
    let assumptions: ForecastAssumptions
    do {
      assumptions = try (learned ?? .standard).applying(wish.assumptions)
    } catch {
      throw RPCError(.invalidArgument, "assumptions: \(error.description)")
    }
    let limits = ForecastLimits(
      rules: ground.rules, ground.limits.circumstances, stock: ground.limits.stock,
      tenantZone: ground.limits.tenantZone, assumptions: assumptions, now: wish.now)
    let question = Forecast.Question(
      groups: ground.census.groups, rules: ground.rules, limits: limits, assumptions: assumptions, start: wish.from,
      horizon: .days(wish.days), seed: wish.seed)
    let forecast = try await timed("foretell") { try await Forecast.foretell(question) }
    var answer = CampaignForecast(forecast, ground, wish)
    answer.basis = ForecastBasis(assumptions, ground, wish.assumptions)
    if let by = wish.finishBy {
      let plan = try await timed("plan") { try await ForecastPlan.make(question, finishingBy: by) }
      answer.finish = ForecastFinish(plan, by: by, wish)
    }
    return answer
  }

  private func timed<Result: Sendable>(
    _ phase: String, _ body: () async throws -> Result
  ) async rethrows -> Result {
    let started = ContinuousClock.now
    defer { seconds.observe(started.duration(to: .now), phase) }
    return try await body()
  }
}

/// A request, read and checked.
struct ForecastWish: Sendable {
  var campaign: CampaignID
  /// Of the policy that is thought of; nil: the running one.
  var terms: CampaignTerms?
  var provider = ""
  var now: Instant
  var from: Instant
  var days: Int
  var assumptions: ForecastWishes
  var finishBy: Instant?
  var seed: UInt64

  private static let defaultDays = 180
  private static let mostDays = 400
  private static let longestCall = Duration.hours(1)
  /// A thousand dollars.
  private static let dearestCall: Int64 = 1_000_000_000

  init(_ request: ForecastRequest, now: Instant) throws(RPCError) {
    campaign = try RequestField.id(CampaignEntity.self, request.campaignId, "campaign_id")
    if let policy = request.policy {
      do {
        terms = try CampaignTerms(policy)
      } catch {
        throw RPCError(.invalidArgument, error.description)
      }
      provider = policy.provider
    }
    self.now = now
    from = request.from.map { max(now, $0.instant) } ?? now
    days = request.days == 0 ? Self.defaultDays : Int(request.days)
    guard (1...Self.mostDays).contains(days) else {
      throw RPCError(.invalidArgument, "days: \(days) is outside 1 to \(Self.mostDays)")
    }
    finishBy = request.finishBy?.instant
    if let finishBy, finishBy <= from {
      throw RPCError(.invalidArgument, "finish_by: \(finishBy.forPeople) is not after the start, \(from.forPeople)")
    }
    seed = request.seed
    assumptions = try Self.assumptions(request.assumptions ?? RingmasterMessages.ForecastAssumptions())
  }

  private static func assumptions(
    _ given: RingmasterMessages.ForecastAssumptions
  ) throws(RPCError) -> ForecastWishes {
    var wishes = ForecastWishes()
    wishes.shares[.answered] = try share(given.answeredRate, "answered_rate")
    wishes.shares[.voicemail] = try share(given.voicemailRate, "voicemail_rate")
    wishes.shares[.noAnswer] = try share(given.noAnswerRate, "no_answer_rate")
    wishes.shares[.busy] = try share(given.busyRate, "busy_rate")
    wishes.shares[.failed] = try share(given.failedRate, "failed_rate")
    wishes.qualifiedShare = try share(given.qualifiedRate, "qualified_rate")
    wishes.talking = try duration(given.talk, "talk")
    wishes.ringing = try duration(given.ring, "ring")
    if let cost = given.costPerCallMicros?.value {
      guard (0...dearestCall).contains(cost) else {
        throw RPCError(
          .invalidArgument, "assumptions.cost_per_call_micros: \(cost) is outside 0 to \(dearestCall) micro-dollars")
      }
      wishes.costMicros = cost
    }
    return wishes
  }

  private static func share(_ share: Share?, _ field: String) throws(RPCError) -> Double? {
    guard let value = share?.value else { return nil }
    guard (0...1).contains(value) else {
      throw RPCError(.invalidArgument, "assumptions.\(field): \(value) is no share; 0.25 is a quarter of the calls")
    }
    return value
  }

  private static func duration(_ duration: ProtobufDuration?, _ field: String) throws(RPCError) -> Duration? {
    guard let value = duration?.duration else { return nil }
    guard value >= .zero, value <= longestCall else {
      throw RPCError(.invalidArgument, "assumptions.\(field): must be 0 s to \(longestCall.inSeconds) s")
    }
    return value
  }
}
