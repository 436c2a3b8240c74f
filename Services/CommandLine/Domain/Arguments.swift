/// The words of a command line, sorted into positions and options.
struct Arguments: Sendable {
  /// What is wrong with a command line, for people.
  struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
  }

  /// Words that belong to no option, in order.
  let positions: [String]
  private let values: [String: String]
  private let flags: Set<String>

  /// - Parameters:
  ///   - words: As typed, without the name of the program.
  ///   - options: Options that take a value ("--limit 5" or "--limit=5").
  ///   - flags: Options that stand alone.
  init(_ words: [String], options: Set<String>, flags knownFlags: Set<String>) throws(UsageError) {
    var positions: [String] = []
    var values: [String: String] = [:]
    var flags: Set<String> = []
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        positions.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      let name = parts[0] == "-h" ? "help" : String(parts[0].drop { $0 == "-" })
      if knownFlags.contains(name), parts.count == 1 {
        flags.insert(name)
      } else if options.contains(name) {
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
          throw UsageError(description: "--\(name) needs a value")
        }
        values[name] = value
      } else {
        let known = (options.union(knownFlags)).sorted().map { "--\($0)" }.joined(separator: ", ")
        throw UsageError(description: "\(word) is not known here; known are \(known)")
      }
    }
    self.positions = positions
    self.values = values
    self.flags = flags
  }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  func value(_ option: String) -> String? { values[option] }

  /// The position with this index, which must be there.
  func position(_ index: Int, _ meaning: String) throws(UsageError) -> String {
    guard index < positions.count else { throw UsageError(description: "\(meaning) is missing") }
    return positions[index]
  }
}
