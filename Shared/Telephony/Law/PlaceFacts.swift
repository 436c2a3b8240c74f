internal import Synchronization

/// What is known of places by their ISO 3166 codes ("GB", "US-NY"): their names and time zones, and which of them a
/// phone number can be at home in.
///
/// Countries whose law differs from state to state (the United States and Australia) are there by state only; their
/// territories count as states. "*" stands for a place of which nothing is known.
struct PlaceFacts: Sendable {
  static let shared = PlaceFacts(
    zones: PackageResources.place_zones_txt, numbers: PackageResources.number_places_txt)

  static let unknown = "*"

  /// IANA names, by place.
  private let zoneNames: [String: [String]]
  private let names: [String: String]
  /// By country, sorted.
  private let places: [String: [String]]
  private let numbers: PrefixTable

  /// Lines of "place name: zone zone …" and of "place place …: prefix prefix …".
  init(zones: [UInt8], numbers: [UInt8]) {
    var zoneNames: [String: [String]] = [:]
    var names: [String: String] = [:]
    for line in DataSection.dataLines(zones) {
      guard let (key, value) = DataSection.keyAndValue(line) else {
        preconditionFailure("place_zones.txt: a line without zones: \(line)")
      }
      let words = key.split(separator: " ", maxSplits: 1)
      let place = String(words[0])
      zoneNames[place] = value.split(separator: " ").map(String.init)
      if words.count == 2 { names[place] = String(words[1]) }
    }
    self.zoneNames = zoneNames
    self.names = names
    places = Dictionary(grouping: zoneNames.keys.sorted(), by: Self.country)
    self.numbers = PrefixTable(numbers)
  }

  /// "US" for "US-NY" and for "US".
  static func country(of place: String) -> String { String(place.prefix { $0 != "-" }) }

  /// A country's code, for the territories that have one of their own that of the country whose law holds there
  /// (47 U.S.C. § 153(58) for the United States').
  private static func state(ofTerritory region: String) -> String? {
    switch region {
    case "AS", "GU", "MP", "PR", "VI": "US-\(region)"
    case "CC", "CX": "AU-\(region)"
    default: nil
    }
  }

  /// Every place in a country, or in a territory of one: its states where its law differs by state, else itself. Empty
  /// when there is no such country.
  func places(inCountry country: String) -> [String] {
    Self.state(ofTerritory: country).map { [$0] } ?? places[country] ?? []
  }

  /// Every place where a number can be at home.
  func places(of number: PhoneNumber) -> [String] {
    let all = places(inCountry: number.region)
    guard all.count > 1 else { return all.isEmpty ? [Self.unknown] : all }
    let byPrefix = numbers[valuesOfPlaces(number)]
    return byPrefix.isEmpty ? all : byPrefix
  }

  /// What the digits of a number say of its place.
  func valuesOfPlaces(_ number: PhoneNumber) -> PrefixTable.Values? { numbers.values(of: number.e164.utf8.dropFirst()) }

  /// The place that a text names within a country, by code ("NY", "US-NY") or name, in any case.
  func place(_ text: String, inCountry country: String) -> String? {
    let wanted = text.lowercased()
    return places(inCountry: country).first { place in
      place.lowercased() == wanted || place.dropFirst(country.count + 1).lowercased() == wanted
        || names[place]?.lowercased() == wanted
    }
  }

  /// The zones of a place, one for each clock; nil when the place or one of its zones is not known.
  func zones(of place: String) -> [TimeZoneRules]? {
    zoneNames[place].flatMap { TimeZoneRules.all(named: $0) }?.withoutRepeatedClocks()
  }

  /// Every place with a clock that agrees with a zone's, sorted. Some 20 µs the first time that a zone is asked for.
  func places(onClockOf zone: TimeZoneRules) -> [String] {
    if let known = Self.onClock.withLock({ $0[zone.name] }) { return known }
    let found = zoneNames.keys.filter { zones(of: $0)?.contains { $0.agrees(with: zone) } ?? false }.sorted()
    Self.onClock.withLock { $0[zone.name] = found }
    return found
  }

  /// By name of the zone. As many entries as there are zones, some 600.
  private static let onClock = Mutex<[String: [String]]>([:])
}

extension [TimeZoneRules] {
  /// The same clocks, each once: Melbourne's is Sydney's.
  func withoutRepeatedClocks() -> [TimeZoneRules] {
    var kept: [TimeZoneRules] = []
    for zone in self where !kept.contains(where: { $0.agrees(with: zone) }) { kept.append(zone) }
    return kept
  }
}
