import Core

/// Do-not-call lists, as one rule of a decision. Pure.
enum DoNotCallGate {
  static let rule = "do_not_call"
  /// Why a lead is done, or an attempt is taken back.
  static let refusal = "do_not_call"

  /// - Parameter entry: What forbids calls to the number, if anything does.
  static func judge(_ entry: DoNotCallEntry?) -> GateVerdict {
    guard let entry else { return .pass(Finding(rule, true, "on no list")) }
    return .never(reason: refusal, Finding(rule, false, detail(entry)))
  }

  static func detail(_ entry: DoNotCallEntry) -> String {
    "on the \(entry.scope.name) list since \(entry.addedAt.rfc3339) (\(entry.source.rawValue))"
  }
}
