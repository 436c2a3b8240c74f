import Core
import Synchronization

/// A number that was bought.
struct BoughtNumber: Hashable, Sendable {
  var sid: String
  var number: String
  var country: String
  var kind: NumberKind
  var friendlyName: String
  var voiceURL: String
  var voiceMethod: String
  var bundle: String?
  var address: String?
  var boughtAt: Instant
  var updatedAt: Instant
}

/// Kinds of numbers, by the names that Twilio's paths have.
enum NumberKind: String, Hashable, Sendable, CaseIterable {
  case local = "Local"
  case mobile = "Mobile"
  case tollFree = "TollFree"
}

/// The numbers that this network sells. Which there are follows from the seed; which are sold is remembered.
final class NumberInventory: Sendable {
  /// Begin of the numbers of a country and kind, and how many digits follow.
  private struct Range {
    var prefix: String
    var digits: Int
    /// Area codes that are in use, where not every digit string is a number.
    var areas: [String] = [""]
  }

  private static let ranges: [String: [NumberKind: Range]] = [
    "AU": [
      .mobile: Range(prefix: "+614", digits: 8), .tollFree: Range(prefix: "+611800", digits: 6),
      .local: Range(prefix: "+61", digits: 8, areas: ["2", "3", "7", "8"]),
    ],
    "US": [
      .local: Range(prefix: "+1", digits: 7, areas: ["212", "305", "312", "415", "512", "602", "646", "702"]),
      .tollFree: Range(prefix: "+1", digits: 7, areas: ["833", "844", "855"]),
    ],
  ]

  /// Countries and kinds that are sold with an approved regulatory bundle only.
  static func needsBundle(country: String, kind: NumberKind) -> Bool { country == "AU" && kind != .tollFree }

  private let seed: UInt64
  private let sids: SidSource
  private let sold = Mutex<[String: BoughtNumber]>([:])

  init(seed: UInt64, sids: SidSource) {
    (self.seed, self.sids) = (seed, sids)
  }

  /// Numbers for sale; nil where none of the kind is ever sold.
  ///
  /// - Parameter pattern: As Twilio's `Contains`: digits, and `*` for any one; matched at the begin after the country code.
  func available(country: String, kind: NumberKind, pattern: String, limit: Int) -> [String]? {
    guard let range = Self.ranges[country]?[kind] else { return nil }
    let taken = sold.withLock { Set($0.values.map(\.number)) }
    var generator = SeededGenerator(seed: seed)
    var found: [String] = []
    let wanted = pattern.prefix { $0 != "*" }
    let code = country == "US" ? 2 : 3
    for _ in 0..<5_000 where found.count < limit {
      let area = range.areas.randomElement(using: &generator) ?? ""
      var number = range.prefix + area
      // North American exchanges begin with 2 to 9.
      for place in 0..<range.digits {
        number += String(Int.random(in: (country == "US" && place == 0 ? 2 : 0)...9, using: &generator))
      }
      if !wanted.isEmpty, !number.dropFirst(code).hasPrefix(wanted) {
        guard area.isEmpty || wanted.hasPrefix(area) || area.hasPrefix(wanted) else { continue }
        number = String(number.prefix(code)) + wanted + number.dropFirst(code + wanted.count)
      }
      if !taken.contains(number), !found.contains(number) { found.append(number) }
    }
    return found
  }

  /// Where a number of this network is at home; nil when it sells none like it.
  func origin(of number: String) -> (country: String, kind: NumberKind)? {
    for (country, kinds) in Self.ranges {
      for kind in [NumberKind.tollFree, .mobile, .local] {
        guard let range = kinds[kind] else { continue }
        for area in range.areas where number.hasPrefix(range.prefix + area) {
          if number.count == range.prefix.count + area.count + range.digits { return (country, kind) }
        }
      }
    }
    return nil
  }

  /// Sells a number, once.
  func sell(_ number: BoughtNumber) throws(TwilioError) -> BoughtNumber {
    try sold.withLock { (sold) throws(TwilioError) -> BoughtNumber in
      guard !sold.values.contains(where: { $0.number == number.number }) else {
        throw TwilioError(code: 21422, status: 400, message: "\(number.number) is not available")
      }
      var number = number
      number.sid = sids.next("PN")
      sold[number.sid] = number
      return number
    }
  }

  func update(_ sid: String, _ change: (inout BoughtNumber) -> Void) -> BoughtNumber? {
    sold.withLock { sold in
      guard var number = sold[sid] else { return nil }
      change(&number)
      sold[sid] = number
      return number
    }
  }

  func release(_ sid: String) -> Bool { sold.withLock { $0.removeValue(forKey: sid) != nil } }

  /// Newest first.
  var all: [BoughtNumber] { sold.withLock { $0.values.sorted { ($0.boughtAt, $0.sid) > ($1.boughtAt, $1.sid) } } }
}
