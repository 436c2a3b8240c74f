import Core
import JSON

/// Which fields of two policies differ, by their JSON. Pure.
enum PolicyComparison {
  struct Difference: Hashable, Sendable {
    /// "maxCallsPerDay", "callWindows[2].endMinute".
    var field: String
    /// Nil where the policy does not have the field.
    var before: JSONValue?
    var after: JSONValue?
  }

  /// In the order of the fields; those that only the newer one has come last.
  static func differences(from old: JSONValue, to new: JSONValue) -> [Difference] {
    differences(old, new, at: "")
  }

  /// Policies are a few levels deep, so recursion is bounded by their schema.
  private static func differences(_ old: JSONValue?, _ new: JSONValue?, at path: String) -> [Difference] {
    if old == new { return [] }
    switch (old, new) {
    case (.object(let before)?, .object(let after)?):
      let keys = before.keys + after.keys.filter { before[$0] == nil }
      return keys.flatMap { differences(before[$0], after[$0], at: path.isEmpty ? $0 : "\(path).\($0)") }
    case (.array(let before)?, .array(let after)?):
      return (0..<max(before.count, after.count)).flatMap { index in
        // Not the literal nil, which is JSON's null here.
        differences(
          index < before.count ? before[index] : Optional.none, index < after.count ? after[index] : Optional.none,
          at: "\(path)[\(index)]")
      }
    default: return [Difference(field: path, before: old, after: new)]
    }
  }
}
