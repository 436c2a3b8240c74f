import Core

/// How many calls each campaign may claim in a round, so that what tenant and provider leave is shared fairly. Pure.
struct ClaimShares: Sendable {
  /// A campaign with due work.
  struct Demand: Sendable {
    var campaign: CampaignID
    var tenant: TenantID
    var provider: String
    /// Calls that it could use in one round.
    var wanted: Int
  }

  struct Account: Hashable, Sendable {
    var tenant: TenantID
    var provider: String
  }

  /// Calls that tenants and providers take at the moment; what is not in it is not limited.
  struct Headroom: Sendable {
    var tenants: [TenantID: Int] = [:]
    var accounts: [Account: Int] = [:]
  }

  private var tenants: [TenantID: FairShare<CampaignID>] = [:]
  private var accounts: [Account: FairShare<CampaignID>] = [:]

  init() {}

  /// One round. A campaign whose share is zero has its turn in one of the next.
  mutating func round(_ demands: [Demand], within headroom: Headroom) -> [CampaignID: Int] {
    var shares = Dictionary(demands.map { ($0.campaign, $0.wanted) }) { first, _ in first }
    for (account, demands) in Dictionary(grouping: demands, by: { Account(tenant: $0.tenant, provider: $0.provider) }) {
      guard let room = headroom.accounts[account] else { continue }
      Self.split(demands, room, &shares, &accounts[account, default: FairShare()])
    }
    for (tenant, demands) in Dictionary(grouping: demands, by: \.tenant) {
      guard let room = headroom.tenants[tenant] else { continue }
      Self.split(demands, room, &shares, &tenants[tenant, default: FairShare()])
    }
    return shares
  }

  private static func split(
    _ demands: [Demand], _ room: Int, _ shares: inout [CampaignID: Int], _ fair: inout FairShare<CampaignID>
  ) {
    let wanted = demands.map { (key: $0.campaign, wanted: shares[$0.campaign] ?? 0) }
    for (demand, share) in zip(demands, fair.split(available: room, demands: wanted)) {
      shares[demand.campaign] = share
    }
  }
}
