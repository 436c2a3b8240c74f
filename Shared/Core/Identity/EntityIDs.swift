/// What the ids below name; never instantiated.
public enum TenantEntity {}
public enum CampaignEntity {}
public enum LeadEntity {}
public enum CallEntity {}
public enum ImportEntity {}

public typealias TenantID = Identifier<TenantEntity>
public typealias CampaignID = Identifier<CampaignEntity>
public typealias LeadID = Identifier<LeadEntity>
public typealias CallID = Identifier<CallEntity>
public typealias ImportID = Identifier<ImportEntity>

extension Identifier where Entity == TenantEntity {
  /// The tenant of an installation that serves one organisation.
  public static var standard: TenantID { TenantID(UniqueID(high: 0x0000_0000_0000_7000, low: 0x8000_0000_0000_0001)) }
}

extension Identifier where Entity == CallEntity {
  /// The call of one attempt at one lead. The same attempt has the same id wherever and however often it is computed,
  /// which is what keeps it from being placed twice.
  ///
  /// It begins with the time in the lead's id, a hash of all four follows (version 8): leads that came together are called
  /// one after the other, and their calls stand together in the indexes of all services. By a hash alone each call went to
  /// another page of an index that grows for ever.
  ///
  /// - Parameter attempt: From 1; an attempt's number is never used again, even when the attempt never left.
  public static func attempt(_ attempt: Int, lead: LeadID, campaign: CampaignID, tenant: TenantID) -> CallID {
    let hash = UniqueID.derived(from: tenant.description, campaign.description, lead.description, String(attempt))
    return CallID(UniqueID(high: lead.value.high & ~0xFFFF | hash.high & 0xFFFF, low: hash.low))
  }
}
