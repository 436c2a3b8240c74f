import CampaignTerms
import Core
import Postgres
import RingmasterMessages
import Telephony
import Wire

/// How a campaign's calls went.
extension CampaignStore {
  /// Nil when there is no such campaign.
  func analytics(of id: CampaignID, tenant: TenantID) async throws -> CampaignAnalytics? {
    guard let row = try await pool.query(query("ProgressOfCampaign"), tenant, id).first else { return nil }
    var sums: [CallTally.Sum: Int64] = [:]
    var hours: [String: AnalyticsHour] = [:]
    var qualified: Int64 = 0
    var analytics = CampaignAnalytics()
    analytics.campaignId = id.description
    analytics.costMicros = try row.get("cost_micros")
    let kinds: [ProgressChange.Kind] = [.attempt, .lead, .sum, .hour, .hourAnswered, .reachedOn]
    for (kind, name, count) in try await counts(of: id, tenant: tenant, kinds) {
      switch kind {
      case .attempt:
        var share = AnalyticsShare()
        share.outcome = Telephony.CallOutcome(rawValue: name)?.wire ?? .unspecified
        share.calls = count
        analytics.outcomes.append(share)
        analytics.calls += count
      case .lead:
        if name == Telephony.CallOutcome.qualified.rawValue { qualified = count }
      case .sum:
        if let sum = CallTally.Sum(rawValue: name) { sums[sum] = count }
      case .hour: hours[name, default: AnalyticsHour()].calls = count
      case .hourAnswered: hours[name, default: AnalyticsHour()].answered = count
      case .reachedOn:
        var reach = AnalyticsReach()
        reach.attempt = Int32(name) ?? 0
        reach.leads = count
        analytics.reachedOn.append(reach)
      }
    }
    analytics.answered = sums[.answered] ?? 0
    analytics.reached = sums[.reached] ?? 0
    analytics.hours = hours.sorted { $0.key < $1.key }.compactMap { key, counted in
      guard let hour = CallTally.Hour(key: key) else { return nil }
      var shown = counted
      (shown.weekday, shown.hour) = (Int32(hour.weekday), Int32(hour.hour))
      return shown
    }
    analytics.divide(talk: .microseconds(sums[.talk] ?? 0), qualified: qualified)
    return analytics
  }
}

extension CampaignAnalytics {
  /// Shares and averages, of what was summed up.
  fileprivate mutating func divide(talk: Duration, qualified: Int64) {
    reachedOn.sort { $0.attempt < $1.attempt }
    outcomes.sort { $0.calls > $1.calls }
    if qualified > 0 { costPerQualifiedMicros = costMicros / qualified }
    if answered > 0 { averageTalk = ProtobufDuration(.microseconds(talk.microseconds / answered)) }
    let leads = reachedOn.reduce(0) { $0 + $1.leads }
    if leads > 0 {
      attemptsToReach = Double(reachedOn.reduce(0) { $0 + Int64($1.attempt) * $1.leads }) / Double(leads)
    }
    guard calls > 0 else { return }
    answerPercent = Double(answered) / Double(calls) * 100
    connectPercent = Double(reached) / Double(calls) * 100
    costPerCallMicros = costMicros / calls
    for index in outcomes.indices { outcomes[index].percent = Double(outcomes[index].calls) / Double(calls) * 100 }
  }
}
