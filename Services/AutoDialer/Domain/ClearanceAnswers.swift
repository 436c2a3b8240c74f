import Core
import JSON

/// Reads what a register answered: `{"results": [{"number": "+61…", "status": "clear" | "listed"}]}`. A number that is
/// not there, or has a status that is not known, has no verdict.
enum WashAnswer {
  /// - Throws: `JSONError`, for a body that is no JSON.
  static func verdicts(_ body: [UInt8]) throws -> [String: Clearance.Verdict] {
    var verdicts: [String: Clearance.Verdict] = [:]
    for result in try JSONValue.parse(body)["results"]?.arrayValue ?? [] {
      guard let number = result["number"]?.stringValue else { continue }
      switch result["status"]?.stringValue {
      // Should it say both, the stricter word counts.
      case "listed": verdicts[number] = .refused
      case "clear": verdicts[number] = verdicts[number] ?? .clear
      default: verdicts[number] = verdicts[number] == .refused ? .refused : .unanswered
      }
    }
    return verdicts
  }
}

/// Reads what a campaign's own system answered: `{"eligible": true, "reason": "…", "ttl_seconds": 600}`.
struct EligibilityAnswer: Hashable, Sendable {
  var isEligible: Bool
  var reason: String
  /// How long it holds.
  var life: Duration

  private static let longestReason = 200

  /// Nil for anything but a clear yes or no.
  ///
  /// - Parameter shortest: What an answer is good for at least: less could run out before it is used.
  init?(_ body: [UInt8], shortest: Duration) {
    guard let answer = try? JSONValue.parse(body), let isEligible = answer["eligible"]?.boolValue else { return nil }
    var seconds = 0
    if let ttl = answer["ttl_seconds"] {
      guard let given = ttl.intValue, given >= 0 else { return nil }
      seconds = min(given, Int(Clearance.longestEligibility.inSeconds))
    }
    self.isEligible = isEligible
    reason = String((answer["reason"]?.stringValue ?? "").prefix(Self.longestReason))
    life = min(max(.seconds(seconds), shortest), Clearance.longestEligibility)
  }
}
