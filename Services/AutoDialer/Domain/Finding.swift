import Core

/// What one rule said about a call, with what it looked at: evidence on a permit, lines of an explanation.
struct Finding: Hashable, Sendable, CustomStringConvertible {
  /// Stable name of the rule: "hours", "do_not_call".
  var rule: String
  var passed: Bool
  /// Inputs and verdict, for people. Never a phone number or a name.
  var detail: String

  init(_ rule: String, _ passed: Bool, _ detail: String) {
    self.rule = rule
    self.passed = passed
    self.detail = detail
  }

  var description: String { "\(rule): \(detail)" }
}

/// Whether one rule lets a call be made.
enum GateVerdict: Hashable, Sendable {
  /// It does, until the instant given if that is known.
  case pass(Finding, until: Instant? = nil)
  /// Not now; it may at the instant given.
  case wait(until: Instant, reason: String, Finding)
  case never(reason: String, Finding)

  var finding: Finding {
    switch self {
    case .pass(let finding, _), .wait(_, _, let finding), .never(_, let finding): finding
    }
  }
}
