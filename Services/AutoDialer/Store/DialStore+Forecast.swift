import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// What a forecast starts from.
struct ForecastGround: Sendable {
  var known: DialStore.KnownCampaign
  /// The campaign's own, or those of the policy that was asked about.
  var rules: CampaignRules
  var limits: ClaimLimits
  var census: ForecastCensus
  /// Leads that were done without a call.
  var endedUncalled: [String: Forecast.NeverCalled] = [:]
  /// What was learned from, and whose calls they are; nil: there were too few.
  var experience: (calls: ForecastExperience, isOwn: Bool)?
}

/// What a forecast reads. Nothing here locks or changes anything.
extension DialStore {
  /// Attempts that are learned from.
  private static let mostLearned = 200_000

  /// - Parameter terms: Of a policy that is thought of; nil: the running one.
  /// - Returns: Nil when the campaign is not known.
  func forecastGround(
    _ id: CampaignID, tenant: TenantID, terms: CampaignTerms?, provider: String, now: Instant
  ) async throws -> ForecastGround? {
    try await pool.transaction(isolation: .repeatableRead, name: "Forecast") { transaction in
      guard let known = try await campaign(id, tenant: tenant, in: transaction),
        var limits = try await limits(of: known.rules, now: now, locks: false, in: transaction)
      else { return nil }
      var rules = known.rules
      if let terms {
        rules = CampaignRules(
          tenant: tenant, campaign: id, policyVersion: known.rules.policyVersion + 1, terms: terms)
        if !provider.isEmpty { rules.provider = provider }
        try await change(&limits, to: rules, now: now, in: transaction)
      }
      var ground = ForecastGround(
        known: known, rules: rules, limits: limits,
        census: try await census(rules, instead: known.rules, now: now, in: transaction))
      ground.endedUncalled = try await endedUncalled(rules, in: transaction)
      ground.experience = try await experience(rules, in: transaction)
      return ground
    }
  }

  /// What the campaign's limits would be by other rules.
  private func change(
    _ limits: inout ClaimLimits, to rules: CampaignRules, now: Instant, in transaction: PostgresTransaction
  ) async throws {
    limits.circumstances.budget.limit = rules.budgetMicros
    limits.circumstances.budget.expected = expectedCost(rules)
    let rows = try await transaction.run([callerIDs(of: rules)])[0].rows
    limits.stock = CallerIDStock(
      try rows.map { try Self.callerID($0).callerID }, style: settings.callerIDStyle, now: now)
    // A number that a campaign brings itself has no cap.
    let hasNew = rules.callerIDTier == nil && rows.count < Set(rules.callerIDs).count
    limits.circumstances.callerIDs = hasNew ? nil : limits.stock.room(at: now)
  }

  private func endedUncalled(
    _ rules: CampaignRules, in transaction: PostgresTransaction
  ) async throws -> [String: Forecast.NeverCalled] {
    let afterCalls =
      Telephony.CallOutcome.allCases.map(\.rawValue)
      + RetryDecision.FinalReason.allCases.filter { $0 != .noWindow }.map(\.rawValue)
    let rows = try await transaction.query(
      query("ForecastEndedUncalled"), rules.tenant, rules.campaign, afterCalls)
    var ended: [String: Forecast.NeverCalled] = [:]
    for row in rows {
      ended[try row.get("reason")] = Forecast.NeverCalled(
        leads: try row.get("leads"), examples: try row.get("examples", as: [LeadID].self))
    }
    return ended
  }

  /// The campaign's own calls, else those of the tenant, where they are enough.
  private func experience(
    _ rules: CampaignRules, in transaction: PostgresTransaction
  ) async throws -> (calls: ForecastExperience, isOwn: Bool)? {
    let own = try Self.experience(
      rows: await transaction.query(query("CampaignExperience"), rules.tenant, rules.campaign, Self.mostLearned),
      costs: await transaction.query(query("CampaignCosts"), rules.tenant, rules.campaign))
    if own.calls >= ForecastExperience.fewestCalls { return (own, true) }
    let all = try Self.experience(
      rows: await transaction.query(query("TenantExperience"), rules.tenant, Self.mostLearned),
      costs: await transaction.query(query("TenantCosts"), rules.tenant))
    return all.calls >= ForecastExperience.fewestCalls ? (all, false) : nil
  }

  private static func experience(rows: [PostgresRow], costs: [PostgresRow]) throws -> ForecastExperience {
    var experience = ForecastExperience()
    experience.rows = try rows.compactMap { row in
      guard let outcome = Telephony.CallOutcome(rawValue: try row.get("outcome")) else { return nil }
      return .init(
        number: try row.get("number"), outcome: outcome, isPermanent: try row.get("permanent"),
        calls: try row.get("calls"), lineSeconds: try row.get("line_seconds"))
    }
    experience.settledCalls = try costs.first?.get("calls") ?? 0
    experience.spentMicros = try costs.first?.get("spent") ?? 0
    return experience
  }
}
