public import Core
public import RingmasterMessages
public import Telephony
import Wire

/// What a campaign's policy means, with its defaults filled in and every field checked. campaign-executor refuses a
/// policy that does not become one of these; the other services read the ones it let through.
public struct CampaignTerms: Sendable {
  /// A field that cannot be, what is wrong with it and what would be right.
  public struct Problem: Hashable, Sendable, CustomStringConvertible {
    public var field: String
    public var message: String
    public var description: String { "\(field): \(message)" }
  }

  /// All that is wrong with a policy, found in one go.
  public struct Problems: Error, Sendable, CustomStringConvertible {
    public var problems: [Problem]
    public var description: String { problems.map(\.description).joined(separator: "; ") }
  }

  public static let defaultMaxConcurrentCalls = 10
  public static let defaultMaxCallDuration = Duration.seconds(120)

  public var name: String
  public var callType: Telephony.CallType
  /// Numbers to show; empty when they come from the tenant's pool.
  public var callerIDs: [String]
  /// Tier of the tenant's pool that numbers are drawn from, 1 to 3; nil: `callerIDs` serves.
  public var callerIDTier: Int?
  /// With the days that are left out.
  public var windows: CallWindows
  /// Where the campaign's own day is counted.
  public var zone: TimeZoneRules
  public var retries: RetryPolicy
  public var maxCallsPerLead: Int
  /// Nil: no limit.
  public var maxCallsPerDay: Int?
  public var maxCallsPerMinute: Int?
  public var maxConcurrentCalls: Int
  public var budgetMicros: Int64?
  /// What a call is reserved at before it is placed; nil: as the dialer's rate card says.
  public var expectedCallCostMicros: Int64?
  public var requiredConsent: Consent
  public var isAlwaysOn: Bool
  /// Asked before each call; nil: nobody is.
  public var eligibilityURL: String?
  /// How long after it joined a lead may be called; nil: no limit.
  public var leadExpiry: Duration?
  public var minQualificationScore: Int
  public var maxCallDuration: Duration
  public var startsAt: Instant?
  public var endsAt: Instant?
  public var defaultRegion: String?

  public init(_ policy: CampaignPolicy) throws(Problems) {
    var check = PolicyCheck()
    name = check.text(policy.name, "policy.name", longest: 200)
    callType = check.callType(policy.callType)
    check.require(policy.agentName, "policy.agentName", "who the agent says it is")
    check.require(policy.businessName, "policy.businessName", "the business it says it calls for")
    check.provider(policy.provider)
    callerIDTier =
      policy.callerIdTier == 0 ? nil : check.number(policy.callerIdTier, "policy.callerIdTier", 1...3)
    callerIDs = check.callerIDs(policy.callerIds, fromPool: policy.callerIdTier != 0)
    windows = check.windows(policy.callWindows, excluding: check.dates(policy.excludedDates))
    let zone = check.zone(policy.timeZone)
    retries = check.retries(policy)
    maxCallsPerLead =
      policy.maxCallsPerLead == 0
      ? RetryPolicy.defaultMaximumCalls : check.number(policy.maxCallsPerLead, "policy.maxCallsPerLead", 1...20)
    maxCallsPerDay = check.limit(policy.maxCallsPerDay, "policy.maxCallsPerDay")
    maxCallsPerMinute = check.limit(policy.maxCallsPerMinute, "policy.maxCallsPerMinute")
    maxConcurrentCalls =
      policy.maxConcurrentCalls == 0
      ? Self.defaultMaxConcurrentCalls
      : check.number(policy.maxConcurrentCalls, "policy.maxConcurrentCalls", 1...10_000)
    budgetMicros = policy.budgetMicros == 0 ? nil : policy.budgetMicros
    if policy.budgetMicros < 0 { check.fault("policy.budgetMicros", "must not be negative") }
    expectedCallCostMicros = check.cost(policy.expectedCallCostMicros)
    requiredConsent = check.requiredConsent(policy.requiredConsent)
    isAlwaysOn = policy.alwaysOn
    eligibilityURL = check.url(policy.eligibilityUrl, "policy.eligibilityUrl")
    leadExpiry = check.expiry(policy.leadExpiry)
    minQualificationScore = check.number(policy.minQualificationScore, "policy.minQualificationScore", 0...100)
    maxCallDuration = check.duration(policy.maxCallDuration)
    startsAt = check.instant(policy.startsAt, "policy.startsAt")
    endsAt = check.instant(policy.endsAt, "policy.endsAt")
    if let startsAt, let endsAt, endsAt <= startsAt { check.fault("policy.endsAt", "must be after policy.startsAt") }
    defaultRegion = check.region(policy.defaultRegion)
    check.criteria(policy.criteria)
    guard let zone, check.problems.isEmpty else { throw Problems(problems: check.problems) }
    self.zone = zone
  }
}
