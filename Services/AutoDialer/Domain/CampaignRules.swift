import Core
import Telephony

/// What a campaign lets the dialer do, read once from its policy.
package struct CampaignRules: Sendable {
  var tenant: TenantID
  package var campaign: CampaignID
  /// Attempts point at the version they were decided under.
  var policyVersion: Int
  var callType: CallType
  var hours: DialWindows
  /// Where the campaign's own day is counted.
  var zone: TimeZoneRules
  var retries: RetryPolicy
  var maxCallsPerLead: Int
  /// Nil: no limit.
  var maxCallsPerDay: Int?
  var maxCallsPerMinute: Int?
  var maxConcurrentCalls: Int
  var requiredConsent: Consent = .unknown
  /// Asked before each call; nil: nobody is.
  var eligibilityURL: String?
  /// How long after it joined a lead may be called; nil: no limit.
  var leadExpiry: Duration?
  /// Numbers to show, E.164; empty when they come from the tenant's pool.
  var callerIDs: [String]
  /// Tier of the pool that numbers are drawn from; nil: `callerIDs` serves.
  var callerIDTier: Int?
  var provider = "twilio"
  /// Nil: no limit.
  var budgetMicros: Int64?
  /// What a call is reserved at; nil: as the rate card says for the longest.
  var expectedCallCostMicros: Int64?
  var maxCallDuration = Duration.seconds(120)
  var startsAt: Instant?
  var endsAt: Instant?

  var windows: CallWindows { hours.windows }

  /// Whether the campaign calls at all at this time, by its start and end.
  func runs(at now: Instant) -> Bool {
    (startsAt.map { now >= $0 } ?? true) && (endsAt.map { now < $0 } ?? true)
  }
}

/// Where a lead is, as far as that decides when it may be called.
struct LeadPlace: Hashable, Sendable {
  private let place: CallingPlace

  /// Every zone the lead can be in; empty when none is known, and then it is never called.
  var zones: [TimeZoneRules] { place.zones }

  /// - Parameters:
  ///   - zone: The lead's own zone (IANA), empty when it is not known. A name that is no zone makes the place unknown.
  ///   - address: Where the lead lives, if that is known: where it and the number disagree, both laws hold.
  init(number: PhoneNumber, zone: String, address: LeadAddress?) {
    place = CallingPlace(number: number, zone: zone, address: address)
  }

  /// A place of which nothing is known.
  init() { place = CallingPlace(places: [], zones: []) }

  func dialWindow(_ rules: CampaignRules) -> DialWindow { rules.hours.window(at: place) }
}
