internal import Synchronization

/// Where a lead can be, as far as that decides when it may be called: every time zone and every law that may hold there.
///
/// Up to three things tell: the phone number (its country and, where the digits say so, its state), the lead's own time
/// zone, and its address. What agrees narrows the place down; what disagrees widens it, and from then on nothing narrows
/// it again: a number of New York with an address in California may be called when both coasts and both states' laws
/// allow it, and a time zone of one of them does not decide between them. Every law is held against the clock of every
/// zone, which is never wider than the truth.
///
/// A lead of whom too little is known may never be callable. An Australian mobile number can be in eight zones, from the
/// Cocos Islands (UTC+6:30) to Lord Howe (UTC+10:30 or 11): office hours with a lunch break leave not a minute of July in
/// which all of them are at work, so such a lead needs a zone or a state. The verdict says so (`no_common_instant`).
public struct CallingPlace: Hashable, Sendable, CustomStringConvertible {
  private let content: Content

  /// One zone for each clock that the lead may live by; empty when none is known, and then it is never called.
  public var zones: [TimeZoneRules] { content.zones }
  /// ISO 3166 codes of every place where the lead may be ("US-NY"); "*" where nothing is known. Sorted.
  public var places: [String] { content.places }
  /// Whether number, zone and address agree.
  public var isConsistent: Bool { content.isConsistent }
  /// The law that holds at all of the places.
  public var envelope: LegalEnvelope { content.envelope }

  /// Where it is and why that is not narrower, in one line for people and for evidence.
  public var description: String {
    let clocks = zones.isEmpty ? "no known zone" : zones.map(\.name).joined(separator: ", ")
    return "\(envelope.region) in \(clocks)\(isConsistent ? "" : " (number, zone and address disagree)")"
  }

  /// - Parameters:
  ///   - number: The number to be called.
  ///   - zone: The lead's own zone (IANA), empty when it is not known. A name that is no zone makes the place unknown:
  ///     somebody meant something by it, and guessing past it could ring a phone at night.
  ///   - address: The lead's address, as far as it is known.
  public init(number: PhoneNumber, zone: String = "", address: LeadAddress? = nil) {
    content = Content.of(number, zone: zone, address: address)
  }

  /// A place that is known without a number.
  ///
  /// - Parameter places: ISO 3166 codes; none means that nothing is known.
  public init(places: [String], zones: [TimeZoneRules]) {
    content = Content(places: places, zones: zones, isConsistent: true)
  }

  public static func == (one: CallingPlace, other: CallingPlace) -> Bool {
    one.content === other.content
      || one.places == other.places && one.zones == other.zones && one.isConsistent == other.isConsistent
  }

  /// Most places differ in the first of their codes, and all of it is compared where they do not.
  public func hash(into hasher: inout Hasher) { hasher.combine(places[0]) }
}

/// What a place is, shared by all leads there.
private final class Content: Sendable {
  let zones: [TimeZoneRules]
  let places: [String]
  let isConsistent: Bool
  let envelope: LegalEnvelope

  init(places: [String], zones: [TimeZoneRules], isConsistent: Bool) {
    self.zones = zones.withoutRepeatedClocks()
    self.places = places.isEmpty ? [PlaceFacts.unknown] : Set(places).sorted()
    self.isConsistent = isConsistent
    envelope = .forPlaces(self.places)
  }

  /// All that a place follows from: of a number, no more than what the tables know of its digits.
  private struct Key: Hashable {
    var region: String
    var zones: PrefixTable.Values?
    var places: PrefixTable.Values?
    var zone: String
    var address: LeadAddress?
  }

  private static let known = Mutex<[Key: Content]>([:])
  /// More places than leads are in; past it all are worked out anew once.
  private static let most = 10_000

  static func of(_ number: PhoneNumber, zone: String, address: LeadAddress?) -> Content {
    let key = Key(
      region: number.region, zones: number.valuesOfTimeZones, places: PlaceFacts.shared.valuesOfPlaces(number),
      zone: zone, address: address)
    if let content = known.withLock({ $0[key] }) { return content }
    var evidence = Evidence(number)
    if let address { evidence.add(address) }
    if !zone.isEmpty { evidence.add(zone: TimeZoneRules.named(zone)) }
    let content = Content(places: evidence.places, zones: evidence.zones, isConsistent: evidence.agrees)
    known.withLock { known in
      if known.count >= most { known.removeAll() }
      known[key] = content
    }
    return content
  }
}

/// What is known so far, put together.
private struct Evidence {
  var places: [String]
  var zones: [TimeZoneRules]
  var agrees = true
  /// Something was said about the zone that nobody understands.
  private var isBroken = false

  private var facts: PlaceFacts { .shared }

  init(_ number: PhoneNumber) {
    places = PlaceFacts.shared.places(of: number)
    // One zone that cannot be read makes all of them useless.
    let read = TimeZoneRules.all(named: number.possibleTimeZones)
    zones = read ?? []
    isBroken = read == nil
  }

  mutating func add(_ address: LeadAddress) {
    if places == [PlaceFacts.unknown] {
      places = address.places
      setZones(facts.zones(ofAll: places))
      return
    }
    let common = places.filter(address.places.contains)
    guard common.isEmpty else {
      places = common
      narrowZones(to: facts.zones(ofAll: common))
      return
    }
    agrees = false
    places += address.places
    let there = facts.zones(ofAll: address.places)
    setZones(there.map { zones + $0 })
  }

  mutating func add(zone: TimeZoneRules?) {
    guard let zone else { return setZones(nil) }
    let places = facts.places(onClockOf: zone)
    if agrees, zones.contains(where: { $0.agrees(with: zone) }) {
      zones = isBroken ? [] : [zone]
      let common = self.places.filter(places.contains)
      if !common.isEmpty { self.places = common }
      return
    }
    agrees = agrees && zones.isEmpty
    let countries = Set(self.places.map(PlaceFacts.country))
    let nearby = places.filter { countries.contains(PlaceFacts.country(of: $0)) }
    self.places += nearby.isEmpty ? (places.isEmpty ? [PlaceFacts.unknown] : places) : nearby
    setZones(zones + [zone])
  }

  /// The zones that both sides name; where they name none in common, the lead can be in all of them.
  private mutating func narrowZones(to there: [TimeZoneRules]?) {
    guard let there else { return setZones(nil) }
    let common = there.filter { zone in zones.contains { $0.agrees(with: zone) } }
    setZones(common.isEmpty ? zones + there : common)
  }

  private mutating func setZones(_ new: [TimeZoneRules]?) {
    isBroken = isBroken || new == nil
    zones = isBroken ? [] : new ?? []
  }
}

extension PlaceFacts {
  /// The zones of several places; nil when those of any are not known.
  fileprivate func zones(ofAll places: [String]) -> [TimeZoneRules]? {
    var found: [TimeZoneRules] = []
    for place in places {
      guard let zones = zones(of: place) else { return nil }
      found += zones
    }
    return found.withoutRepeatedClocks()
  }
}
