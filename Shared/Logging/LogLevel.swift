/// How much a log line matters.
public enum LogLevel: String, Sendable, Hashable, Comparable, CaseIterable {
  /// For whoever is looking into one thing.
  case debug
  /// What the service did.
  case info
  /// Something is wrong and was dealt with: a retry, a drop, a fallback.
  case warning
  /// Something is wrong and a person should know.
  case error

  private var rank: Int {
    switch self {
    case .debug: return 0
    case .info: return 1
    case .warning: return 2
    case .error: return 3
    }
  }

  public static func < (left: LogLevel, right: LogLevel) -> Bool {
    left.rank < right.rank
  }
}

/// How log lines are written.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
  /// One JSON object a line, for machines.
  case json
  /// One line of text, for people at a terminal.
  case human
}
