/// One thing that a campaign wants to hear, and how much of the score it is worth.
struct Criterion: Hashable, Sendable {
  /// How a found value is compared with the wanted ones.
  enum Comparison: String, Sendable, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case atLeast = ">="
    case above = ">"
    case atMost = "<="
    case below = "<"
    case isIn = "in"
    case isNotIn = "not_in"
    case contains
    case containsAny = "contains_any"
    case containsAll = "contains_all"
    case exists
  }

  var field: String
  var comparison: Comparison
  var values: [FieldValue]
  /// Not negative; weights of a campaign are shares of their sum.
  var weight: Double

  /// Whether the values found for the field meet the criterion. A field that was not found meets none, not even `!=`:
  /// nobody said anything.
  func isMet(by found: [FieldValue]) -> Bool {
    guard !found.isEmpty else { return false }
    switch comparison {
    case .exists: return true
    case .equal: return pair(found) { $0.equals($1) }
    case .notEqual: return found.allSatisfy { value in !values.contains { value.equals($0) } }
    case .atLeast: return compare(found, >=)
    case .above: return compare(found, >)
    case .atMost: return compare(found, <=)
    case .below: return compare(found, <)
    case .isIn: return pair(found) { $0.equals($1) }
    case .isNotIn: return found.allSatisfy { value in !values.contains { value.equals($0) } }
    case .contains, .containsAny: return pair(found) { $0.contains($1) }
    case .containsAll: return values.allSatisfy { wanted in found.contains { $0.contains(wanted) } }
    }
  }

  private func pair(_ found: [FieldValue], _ matches: (FieldValue, FieldValue) -> Bool) -> Bool {
    found.contains { value in values.contains { matches(value, $0) } }
  }

  private func compare(_ found: [FieldValue], _ holds: (Double, Double) -> Bool) -> Bool {
    guard let wanted = values.first?.number else { return false }
    return found.contains { $0.number.map { holds($0, wanted) } ?? false }
  }
}
