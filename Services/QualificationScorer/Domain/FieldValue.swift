/// A value of a criterion or of a field found in a conversation.
enum FieldValue: Hashable, Sendable {
  case text(String)
  case number(Double)
  case flag(Bool)

  /// Whether two values say the same: numbers by value, words whatever their case. A number written as text counts as
  /// the number.
  func equals(_ other: FieldValue) -> Bool {
    if let mine = number, let theirs = other.number { return mine == theirs }
    switch (self, other) {
    case (.flag(let mine), .flag(let theirs)): return mine == theirs
    case (.text(let mine), .text(let theirs)): return mine.lowercased() == theirs.lowercased()
    default: return false
    }
  }

  /// Whether this value contains the other: text within text, else equality.
  func contains(_ other: FieldValue) -> Bool {
    if case .text(let mine) = self, case .text(let theirs) = other {
      return mine.lowercased().contains(theirs.lowercased())
    }
    return equals(other)
  }

  /// The number it stands for; nil for flags and words.
  var number: Double? {
    switch self {
    case .number(let value): value
    case .text(let value): Double(value)
    case .flag: nil
    }
  }

  /// For people: numbers without a needless fraction.
  var text: String {
    switch self {
    case .text(let value): value
    case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    case .flag(let value): value ? "yes" : "no"
    }
  }
}
