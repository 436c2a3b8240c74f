/// A line of speech as words: lower case, without punctuation, so that phrases can be looked for.
struct SpokenText: Sendable {
  /// Words in order. Numbers keep their digits, `$` and inner points ("$20,000" is one word: "$20000").
  let words: [String]
  private let joined: String

  init(_ text: String) {
    var words: [String] = []
    var word = ""
    let characters = Array(text.lowercased().unicodeScalars)
    for (index, scalar) in characters.enumerated() {
      let next = index + 1 < characters.count ? characters[index + 1] : " "
      let previous = word.unicodeScalars.last
      let betweenDigits = (previous.map(Self.isDigit) ?? false) && Self.isDigit(next)
      switch scalar {
      case "’", "'": word.unicodeScalars.append("'")
      case "$": word.unicodeScalars.append("$")
      case ",": if !betweenDigits { Self.end(&word, &words) }
      case ".": if betweenDigits { word.unicodeScalars.append(".") } else { Self.end(&word, &words) }
      default:
        if scalar.properties.isAlphabetic || Self.isDigit(scalar) {
          word.unicodeScalars.append(scalar)
        } else {
          Self.end(&word, &words)
        }
      }
    }
    Self.end(&word, &words)
    self.words = words
    joined = " " + words.joined(separator: " ") + " "
  }

  /// Whether the phrase stands here as whole words.
  func says(_ phrase: String) -> Bool { joined.contains(" \(phrase) ") }

  func saysAny(_ phrases: [String]) -> Bool { phrases.contains(where: says) }

  /// Whether a word begins with the stem: "expens" finds "expensive" and "expenses".
  func hasWord(startingWith stem: String) -> Bool { joined.contains(" \(stem)") }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func end(_ word: inout String, _ words: inout [String]) {
    if !word.isEmpty { words.append(word) }
    word = ""
  }
}
