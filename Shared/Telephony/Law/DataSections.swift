/// A data file of the form `[section]` and `key: value` lines, with "#" comments, read into its sections in order.
///
/// The files are part of the program, so a fault in one is a fault of the program and traps.
struct DataSection {
  let name: String
  /// In the order of the file; keys may repeat.
  private(set) var lines: [(key: String, value: String)] = []

  /// The value of a key that must be there.
  func required(_ key: String) -> String {
    guard let value = self[key] else { preconditionFailure("[\(name)] has no \(key)") }
    return value
  }

  subscript(key: String) -> String? { lines.first { $0.key == key }?.value }

  static func read(_ bytes: [UInt8]) -> [DataSection] {
    var sections: [DataSection] = []
    for line in dataLines(bytes) {
      if line.hasPrefix("["), line.hasSuffix("]") {
        sections.append(DataSection(name: String(line.dropFirst().dropLast())))
        continue
      }
      guard let (key, value) = keyAndValue(line), !sections.isEmpty else {
        preconditionFailure("not a section and not a key with its value: \(line)")
      }
      sections[sections.count - 1].lines.append((key, value))
    }
    return sections
  }

  /// The lines of a data file that are neither empty nor comments.
  static func dataLines(_ bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
  }

  /// Splits at the first ": ".
  static func keyAndValue(_ line: Substring) -> (key: String, value: String)? {
    guard let colon = line.firstIndex(of: ":") else { return nil }
    let rest = line[line.index(after: colon)...]
    guard rest.hasPrefix(" ") else { return nil }
    return (String(line[..<colon]), String(rest.dropFirst()))
  }
}
