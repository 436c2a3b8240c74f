import Core
import Telephony

/// What a campaign lets the dialer do, read once from its policy.
package struct CampaignRules: Sendable {
  var tenant: TenantID
  package var campaign: CampaignID
  /// Attempts point at the version they were decided under.
  var policyVersion: Int
  var callType: CallType
  var windows: CallWindows
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
  /// E.164.
  var callerIDs: [String]
  var startsAt: Instant?
  var endsAt: Instant?

  /// Whether the campaign calls at all at this time, by its start and end.
  func runs(at now: Instant) -> Bool {
    (startsAt.map { now >= $0 } ?? true) && (endsAt.map { now < $0 } ?? true)
  }

  /// The number to show on a call: the same for the same call, spread evenly over calls. Nil when there is none.
  func callerID(for call: CallID) -> String? {
    callerIDs.isEmpty ? nil : callerIDs[Int(call.value.low % UInt64(callerIDs.count))]
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

  func dialWindow(_ rules: CampaignRules) -> DialWindow { DialWindow(windows: rules.windows, place: place) }
}
