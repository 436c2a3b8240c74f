import CampaignTerms
import Core
import RingmasterMessages
import Telephony

/// What an operator is going to do with one campaign.
struct CampaignPlan: Sendable {
  enum Deed: Sendable {
    case create
    case openImport
    case importBatch(Int)
    case closeImport
    case start
    case pause
    case resume
    case stop
    case edit(CampaignPolicy)
    case addLead(NewLead)
    case rename(Int)
    /// Puts a number on a list.
    case ban(String, DoNotCallScope)
    /// Asks for one call to a lead, after so long (nil: now), which holds for so long (nil: as the dialer says).
    case wish(Int, after: Duration?, life: Duration?)
    /// Takes back whatever calls were asked for and are still to come.
    case cancelWishes
    case limitTenant(TenantLimits)
    case limitProvider(ProviderLimits)
    case addCallerID(AddCallerIdRequest)
  }

  var tenant: TenantID
  var policy: CampaignPolicy
  var batches: [[NewLead]]
  /// Deeds, each with the pause before it.
  var deeds: [(pause: Duration, deed: Deed)]
}

extension Witness.Terms {
  init(_ policy: CampaignPolicy, from instant: Instant) {
    self.init(
      from: instant,
      windows: policy.callWindows.map { (Int($0.weekday), Int($0.startMinute), Int($0.endMinute)) },
      concurrency: policy.maxConcurrentCalls == 0
        ? CampaignTerms.defaultMaxConcurrentCalls : Int(policy.maxConcurrentCalls),
      callsPerLead: policy.maxCallsPerLead == 0 ? RetryPolicy.defaultMaximumCalls : Int(policy.maxCallsPerLead),
      consent: policy.requiredConsent, callerIDs: policy.callerIdTier == 0 ? Set(policy.callerIds) : [],
      budget: policy.budgetMicros == 0 ? nil : policy.budgetMicros)
  }
}
