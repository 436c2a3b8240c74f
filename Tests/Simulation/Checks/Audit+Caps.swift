import Core
import Postgres

/// A cap on calls a minute and a day of one campaign or of all campaigns of a tenant. Operators never change it in a
/// simulation.
struct RateCap: Hashable, Sendable {
  enum Holder: Hashable, Sendable {
    case campaign(CampaignID)
    case tenant(TenantID)
  }

  var holder: Holder
  var perMinute: Int64?
  var perDay: Int64?
  /// Where its day is counted.
  var zone: String

  /// Zero: no cap.
  init(of holder: Holder, perMinute: Int32 = 0, perDay: Int32 = 0, zone: String = "") {
    self.holder = holder
    self.perMinute = perMinute == 0 ? nil : Int64(perMinute)
    self.perDay = perDay == 0 ? nil : Int64(perDay)
    self.zone = zone.isEmpty ? "UTC" : zone
  }

  fileprivate var filter: String {
    switch holder {
    case .campaign(let id): "campaign_id = '\(id)'"
    case .tenant(let id): "tenant_id = '\(id)'"
    }
  }
}

/// A number of the pool, as it was added.
struct PoolNumber: Sendable {
  var tenant: TenantID
  var number: String
  var zone: String
  /// Nil: it was warm, or somebody has said since that it is.
  var warmingSince: Instant?
}

extension Audit {
  func capsHeld() async throws {
    for cap in world.rateCaps {
      if let limit = cap.perMinute {
        let most = try await most("date_trunc('minute', granted_at)", "1 minute", of: cap.filter, cap: "\(limit)")
        if most > limit { witness.blame("\(cap.holder): \(most) calls in a minute where \(limit) are allowed") }
      }
      if let limit = cap.perDay {
        let most = try await most(
          Self.day(cap.zone), "1 day", of: "\(cap.filter) and state <> 'withdrawn'", cap: "\(limit)")
        if most > limit { witness.blame("\(cap.holder): \(most) calls in a day where \(limit) are allowed") }
      }
    }
    for number in world.poolNumbers {
      let cap = number.warmingSince.map { Self.warmup($0, number.zone) } ?? "50"
      let most = try await most(
        Self.day(number.zone), "1 day",
        of: """
          state <> 'withdrawn' and tenant_id = '\(number.tenant)' and call_id in (
            select call_id from media.call where from_number = '\(number.number)')
          """, cap: cap)
      if most > 0 { witness.blame("\(number.number): \(most) calls in a day, which is more than its warm-up allows") }
    }
  }

  private static func day(_ zone: String) -> String { "(granted_at at time zone '\(zone)')::date" }

  /// Calls a day of a number that is new, written down once more.
  private static func warmup(_ since: Instant, _ zone: String) -> String {
    """
    (array[20, 20, 30, 30, 40, 40, 50])[least(7, 1 + c.stretch
      - (to_timestamp(\(since.microsecondsSince1970 / 1_000_000)) at time zone '\(zone)')::date)]
    """
  }

  /// The most calls in one stretch of those that had too many; zero: none had. Clocks differ: what is too much in one may
  /// have been counted into the next, as far as that had room.
  private func most(_ group: String, _ interval: String, of calls: String, cap: String) async throws -> Int64 {
    try await rows(
      """
      with counted as (select \(group) as stretch, count(*) as calls from dialer.attempt where \(calls) group by 1)
      select coalesce(max(c.calls), 0)::bigint as most
      from counted c left join counted n on n.stretch = (c.stretch + interval '\(interval)')
      where c.calls > \(cap) and c.calls - \(cap) + coalesce(n.calls, 0) > \(cap)
      """)[0].get("most")
  }
}
