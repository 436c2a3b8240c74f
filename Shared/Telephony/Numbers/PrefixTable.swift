/// What phone numbers can have in common with their prefix, such as time zones or states, by longest matching prefix.
///
/// The facts are in `Data/`, in files whose headers say where they come from; `Generator/` makes them.
struct PrefixTable: Sendable {
  /// The time zones that numbers can be in. Built on first use (about a millisecond); takes some 40 kB.
  static let timeZones = PrefixTable(PackageResources.number_time_zones_txt)

  /// E.164 digits, ascending, each as a number: none begins with 0, so 61 and 061 cannot be confused.
  private let prefixes: [UInt32]
  /// For each prefix, its index in `sets`.
  private let setOfPrefix: [UInt16]
  /// Names, sorted.
  private let sets: [[String]]
  let longestPrefix: Int

  /// Reads lines of "name name …: prefix prefix …", and "#" comments.
  ///
  /// The text is part of the program, so a fault in it is a fault of the program and traps.
  init(_ text: [UInt8]) {
    var entries: [(prefix: UInt32, set: UInt16)] = []
    var sets: [[String]] = []
    for line in text.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
      let halves = line.split(separator: UInt8(ascii: ":"))
      precondition(halves.count == 2, "a table of prefixes has a line without them")
      for word in halves[1].split(separator: UInt8(ascii: " ")) {
        guard let prefix = UInt32(String(decoding: word, as: UTF8.self)), prefix > 0 else {
          preconditionFailure("a table of prefixes has a prefix that is not a number")
        }
        entries.append((prefix, UInt16(sets.count)))
      }
      sets.append(halves[0].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) })
    }
    entries.sort { $0.prefix < $1.prefix }
    prefixes = entries.map(\.prefix)
    setOfPrefix = entries.map(\.set)
    self.sets = sets
    longestPrefix = prefixes.last.map { String($0).count } ?? 0
  }

  /// Every name in the data, once.
  var allValues: Set<String> { Set(sets.joined()) }

  /// What the table knows of some numbers: one of its sets of names.
  struct Values: Hashable {
    fileprivate let set: UInt16
  }

  /// What the longest prefix of `digits` (E.164 without "+") says that the data knows; nil when it knows none.
  func values(of digits: some Sequence<UInt8>) -> Values? {
    var prefix: UInt32 = 0
    for digit in digits.prefix(longestPrefix) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      prefix = prefix * 10 + UInt32(digit - UInt8(ascii: "0"))
    }
    while prefix > 0 {
      if let index = index(of: prefix) { return Values(set: setOfPrefix[index]) }
      prefix /= 10
    }
    return nil
  }

  /// The names; none of nil.
  subscript(values: Values?) -> [String] { values.map { sets[Int($0.set)] } ?? [] }

  func index(of prefix: UInt32) -> Int? {
    var low = 0
    var high = prefixes.count
    while low < high {
      let middle = (low + high) / 2
      if prefixes[middle] < prefix { low = middle + 1 } else { high = middle }
    }
    return low < prefixes.count && prefixes[low] == prefix ? low : nil
  }
}
