/// The command line as words, from which declared flags are taken one by one.
struct FlagParser: Sendable {
  enum Finding {
    case value(String)
    case valueMissing
    case absent
  }

  private var words: [String]
  let wantsHelp: Bool
  let wantsCheck: Bool

  init(_ arguments: [String]) {
    wantsHelp = arguments.contains("--help") || arguments.contains("-h")
    wantsCheck = arguments.contains("--check-config")
    words = arguments.filter { $0 != "--help" && $0 != "-h" && $0 != "--check-config" }
  }

  /// Takes `--flag value` or `--flag=value`; of several the last counts. A switch needs no value: `--flag` is true.
  mutating func take(_ flag: String, isSwitch: Bool) -> Finding {
    var finding = Finding.absent
    var index = 0
    while index < words.count {
      let word = words[index]
      if word.hasPrefix(flag + "=") {
        finding = .value(String(word.dropFirst(flag.count + 1)))
        words.remove(at: index)
      } else if word == flag {
        words.remove(at: index)
        if isSwitch {
          finding = .value("true")
        } else if index < words.count, !words[index].hasPrefix("--") {
          finding = .value(words.remove(at: index))
        } else {
          finding = .valueMissing
        }
      } else {
        index += 1
      }
    }
    return finding
  }

  /// A fault for each word that no setting took.
  func unknown(declared: [String]) -> [String] {
    words.map { word in
      guard word.hasPrefix("-") else { return "\"\(word)\" is no flag; flags start with --" }
      let name = String(word.prefix { $0 != "=" })
      guard let near = Spelling.nearest(to: name, in: declared) else { return "\(name) is no flag of this program" }
      return "\(name) is no flag of this program; did you mean \(near)?"
    }
  }
}

enum Spelling {
  /// The candidate that a typing error or two away is `word`.
  static func nearest(to word: String, in candidates: [String]) -> String? {
    let scored = candidates.map { (distance: distance(Array(word.utf8), Array($0.utf8)), name: $0) }
    guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= 2 else { return nil }
    return best.name
  }

  /// Levenshtein's edit distance.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard abs(left.count - right.count) <= 2 else { return .max }
    var row = Array(0...right.count)
    for (line, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for (column, other) in right.enumerated() {
        let replaced = diagonal + (byte == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}

/// Finds variables that were probably meant for this program and that it does not know.
enum UnknownVariables {
  /// Variables of other programs share the environment; those that any program may be given are no concern here.
  private static let sharedSuffixes = ["_ENDPOINTS", "_DATABASE_URL"]

  static func warnings(service: String, environment: [String: String], declared: [String]) -> [String] {
    let own = "RINGMASTER_" + service.uppercased().split(separator: "-").joined(separator: "_") + "_"
    let known = Set(declared)
    return environment.keys.sorted().compactMap { name in
      guard name.hasPrefix("RINGMASTER_"), !known.contains(name) else { return nil }
      if let near = Spelling.nearest(to: name, in: declared) { return "\(name) is not known; did you mean \(near)?" }
      guard name.hasPrefix(own), !sharedSuffixes.contains(where: name.hasSuffix) else { return nil }
      return "\(name) is not known to \(service)"
    }
  }
}
