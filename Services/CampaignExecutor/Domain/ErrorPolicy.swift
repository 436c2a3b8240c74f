/// What is done when something keeps a campaign from calling. Pure.
struct ErrorPolicy: Hashable, Sendable {
  enum Severity: String, Hashable, Sendable, CaseIterable { case info, warning, critical }

  /// Whether the campaign pauses; somebody has to resume it.
  var pauses: Bool
  var severity: Severity
  /// Whether an administrator has to act.
  var isForAdmins: Bool
  var text: String

  /// - Parameters:
  ///   - reason: As the dialer says it.
  ///   - detail: In words for people; may be empty.
  ///   - passes: Whether it is expected to be over by itself.
  init(reason: String, detail: String, passes: Bool) {
    let details = detail.isEmpty ? "" : ": \(detail)"
    switch reason {
    case "budget_exceeded":
      self.init(true, .critical, false, "the budget is spent\(details); raise it, then resume the campaign")
    case "agent_unavailable":
      self.init(true, .critical, true, "no voice agent is available\(details); when one is, resume the campaign")
    case "no_caller_id":
      self.init(
        !passes, passes ? .warning : .critical, !passes,
        passes
          ? "no number may be shown for now\(details); calls go on by themselves"
          : "no number may be shown\(details); add numbers, then resume the campaign")
    case "provider_throttled":
      self.init(false, .warning, false, "the telephony provider limits calls\(details); the rest waits")
    default: self.init(false, .warning, false, "calls are held up by \(reason)\(details)")
    }
  }

  private init(_ pauses: Bool, _ severity: Severity, _ isForAdmins: Bool, _ text: String) {
    self.pauses = pauses
    self.severity = severity
    self.isForAdmins = isForAdmins
    self.text = text
  }
}
