import Core
import Telephony

/// Who is to be called: a lead with every number that it can be reached at.
struct Callee: Hashable, Sendable {
  /// One of a lead's numbers.
  struct Number: Hashable, Sendable {
    /// Place in the lead's list; the main number has 0.
    var index: Int
    /// E.164.
    var phone: String
    /// What it was read as; nil when it cannot be read.
    var known: PhoneNumber? = nil
    var place: LeadPlace
    var consent: Consent
  }

  /// More than these are not looked at; a bit stands for each in `QueueEntry.spentNumbers`.
  static let mostNumbers = 8

  var numbers: [Number]
  /// When it joined the campaign.
  var joinedAt: Instant
  /// The reason to call is gone from here on.
  var notAfter: Instant?

  /// The instant from which on the lead is not called any more, by its own word or the campaign's.
  func expiry(_ rules: CampaignRules) -> Instant? {
    let byCampaign = rules.leadExpiry.map { joinedAt + $0 }
    return [notAfter, byCampaign].compactMap(\.self).min()
  }

  /// The numbers that may still serve, the next one first, then round.
  func numbers(for entry: QueueEntry) -> [Number] {
    let start = numbers.firstIndex { $0.index >= entry.nextNumber } ?? 0
    return (numbers[start...] + numbers[..<start]).filter { !entry.isSpent($0.index) }
  }

  /// The first instant at or after `instant` at which one of its numbers may be called, as far as hours decide.
  func nextOpening(after instant: Instant, rules: CampaignRules) -> Instant? {
    numbers.compactMap { $0.place.dialWindow(rules).nextOpening(after: instant, zones: $0.place.zones) }.min()
  }

  /// Why there is no instant at which it may be called.
  var hopelessReason: String {
    numbers.contains { !$0.place.zones.isEmpty } ? "no_legal_window" : "zone_unknown"
  }
}
