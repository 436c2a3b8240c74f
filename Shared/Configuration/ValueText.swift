import Core

/// Durations as people write them: `1h30m`, `500ms`.
enum DurationText {
  private static let units: [(suffix: String, microseconds: Int64)] = [
    ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1),
  ]

  /// Nil for anything but numbers each followed by a unit, the largest unit first.
  static func parse(_ text: String) -> Duration? {
    if text == "0" { return .zero }
    var rest = text[...]
    var total: Int64 = 0
    var lastUnit = Int64.max
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let suffix = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(suffix.count)
      guard let count = Int64(digits), let unit = units.first(where: { $0.suffix == suffix })?.microseconds,
        unit < lastUnit
      else { return nil }
      let (part, overflow) = count.multipliedReportingOverflow(by: unit)
      let (sum, sumOverflow) = total.addingReportingOverflow(part)
      guard !overflow, !sumOverflow else { return nil }
      total = sum
      lastUnit = unit
    }
    return lastUnit == .max ? nil : .microseconds(total)
  }

  static func format(_ duration: Duration) -> String {
    var rest = duration.microseconds
    guard rest > 0 else { return "0s" }
    var text = ""
    for unit in units where rest >= unit.microseconds {
      text += "\(rest / unit.microseconds)\(unit.suffix)"
      rest %= unit.microseconds
    }
    return text
  }
}

enum CommaList {
  static func parse(_ text: String) -> [String] {
    text.split(separator: ",").map { part in
      var part = part
      while part.first == " " { part.removeFirst() }
      while part.last == " " { part.removeLast() }
      return String(part)
    }.filter { !$0.isEmpty }
  }
}

enum URLText {
  static func accepts(_ schemes: [String]) -> String {
    "a URL starting with " + schemes.map { "\($0)://" }.joined(separator: " or ")
  }

  /// `scheme://` with something after it and no white space.
  static func isURL(_ text: String, schemes: [String]) -> Bool {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return false }
    return schemes.contains { scheme in
      let prefix = scheme + "://"
      return text.utf8.count > prefix.utf8.count && text.prefix(prefix.count).lowercased() == prefix
    }
  }

  /// Hides a password: `postgres://user:<redacted>@host`.
  static func redacted(_ text: String) -> String {
    guard let schemeEnd = text.range(of: "://") else { return text }
    let authority = text[schemeEnd.upperBound...].prefix { $0 != "/" && $0 != "?" }
    guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return text }
    return "\(text[...colon])<redacted>\(text[at...])"
  }
}

extension String {
  /// The first occurrence of `pattern`, by bytes.
  fileprivate func range(of pattern: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(pattern) { return start..<index(start, offsetBy: pattern.count) }
      start = index(after: start)
    }
    return nil
  }
}
