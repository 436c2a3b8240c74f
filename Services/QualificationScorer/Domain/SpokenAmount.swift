/// Amounts of money as people say them: "about fifteen thousand", "15k", "$20,000", "half a million", "between ten and
/// fifteen thousand" (then the lower end, which is what is sure).
enum SpokenAmount {
  /// The amounts in a line, in order; empty when there are none.
  static func amounts(in text: SpokenText) -> [Double] {
    var found: [Double] = []
    var index = 0
    var pending: [Double] = []
    while index < text.words.count {
      guard let (value, next) = number(text.words, at: index) else {
        // "ten to fifteen thousand": the scale that comes with the second number is the first one's as well.
        if !["to", "and", "or", "maybe", "between"].contains(text.words[index]) { flush(&pending, into: &found) }
        index += 1
        continue
      }
      if let smaller = pending.last, value.scaled, smaller < value.unscaled {
        pending = pending.map { $0 * value.scale }
      }
      pending.append(value.amount)
      if value.scaled { flush(&pending, into: &found) }
      index = next
    }
    flush(&pending, into: &found)
    return found
  }

  private struct Value {
    var unscaled: Double
    var scale: Double
    /// "thousand", "k", "grand", "million" was said.
    var scaled: Bool { scale > 1 }
    var amount: Double { unscaled * scale }
  }

  private static func flush(_ pending: inout [Double], into found: inout [Double]) {
    found += pending
    pending = []
  }

  private static let units = [
    "zero": 0.0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
  ]
  private static let scales = ["thousand": 1e3, "k": 1e3, "grand": 1e3, "million": 1e6]

  /// Reads one number that begins at `start`: digits or words, with its scale.
  private static func number(_ words: [String], at start: Int) -> (Value, next: Int)? {
    var index = start
    var unscaled: Double?
    if words[index] == "half", words.dropFirst(index + 1).first == "a", index + 2 < words.count,
      let scale = scales[words[index + 2]]
    {
      return (Value(unscaled: 0.5, scale: scale), index + 3)
    }
    if ["a", "couple"].contains(words[index]) {
      // "a thousand", "a couple of thousand", "a hundred"; "a" alone is no number.
      let isCouple = words[index] == "couple"
      let after = isCouple && words.dropFirst(index + 1).first == "of" ? index + 2 : index + 1
      guard after < words.count, scales[words[after]] != nil || words[after] == "hundred" else { return nil }
      (unscaled, index) = (isCouple ? 2 : 1, after)
    } else if let (value, scale) = digits(words[index]) {
      if scale > 1 { return (Value(unscaled: value, scale: scale), index + 1) }
      (unscaled, index) = (value, index + 1)
    } else {
      var sum = 0.0
      while index < words.count, let unit = units[words[index]], unscaled == nil || (sum >= 20 && unit < 10) {
        sum += unit
        unscaled = sum
        index += 1
      }
    }
    guard var value = unscaled else { return nil }
    if index < words.count, words[index] == "hundred" {
      value *= 100
      index += 1
      if let (rest, next) = belowHundred(words, at: words.dropFirst(index).first == "and" ? index + 1 : index) {
        (value, index) = (value + rest, next)
      }
    }
    if index < words.count, let scale = scales[words[index]] {
      return (Value(unscaled: value, scale: scale), index + 1)
    }
    return (Value(unscaled: value, scale: 1), index)
  }

  private static func belowHundred(_ words: [String], at start: Int) -> (Double, next: Int)? {
    guard start < words.count, let first = units[words[start]] else { return nil }
    if first >= 20, start + 1 < words.count, let second = units[words[start + 1]], second < 10 {
      return (first + second, start + 2)
    }
    return (first, start + 1)
  }

  /// "$20000", "15k", "1.5m", "250".
  private static func digits(_ word: String) -> (Double, scale: Double)? {
    var text = word.hasPrefix("$") ? word.dropFirst() : word[...]
    var scale = 1.0
    if text.hasSuffix("k") {
      (text, scale) = (text.dropLast(), 1e3)
    } else if text.hasSuffix("m") {
      (text, scale) = (text.dropLast(), 1e6)
    }
    guard let first = text.first, first.isNumber, let value = Double(text) else { return nil }
    return (value, scale)
  }
}
