/// What went wrong between here and the database.
///
/// Never holds row data: of the server's report only the SQLSTATE, the primary message (left out where it quotes
/// values) and the names of the constraint and the query are kept.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Value {
      case unavailable, conflict, constraint, serialization, commitUnknown, invalidRow, invalidValue, syntax, cancelled
      case timedOut, denied, configuration, migration, server
    }
    private let value: Value

    /// The server cannot be reached, shuts down or starts. Nothing was changed: retry later.
    public static let unavailable = Code(value: .unavailable)
    /// A unique or exclusion constraint: somebody else was first. `constraint` names it.
    public static let conflict = Code(value: .conflict)
    /// Another integrity constraint (check, foreign key, not null) refused. `constraint` names it.
    public static let constraint = Code(value: .constraint)
    /// Serialization failure or deadlock: retry the whole transaction.
    public static let serialization = Code(value: .serialization)
    /// The connection was lost while committing: it may or may not have happened. Read before doing it again.
    public static let commitUnknown = Code(value: .commitUnknown)
    /// A row is not what the code expects: a bug here or in a migration.
    public static let invalidRow = Code(value: .invalidRow)
    /// The server cannot take a value (out of range, bad format). A bug in validation.
    public static let invalidValue = Code(value: .invalidValue)
    /// The statement is wrong: syntax, a missing table or column, wrong parameter types.
    public static let syntax = Code(value: .syntax)
    /// The statement was cancelled because the task was, or by an administrator.
    public static let cancelled = Code(value: .cancelled)
    /// No connection or no answer in time.
    public static let timedOut = Code(value: .timedOut)
    /// The role may not do this, or may not log in.
    public static let denied = Code(value: .denied)
    /// The address or a setting is wrong.
    public static let configuration = Code(value: .configuration)
    /// Migrations do not fit the database.
    public static let migration = Code(value: .migration)
    /// Anything else that the server reports; see `sqlState`.
    public static let server = Code(value: .server)

    public var description: String { "\(value)" }
  }

  public var code: Code
  /// For operators.
  public var message: String
  /// Five characters, from the server (PostgreSQL manual, appendix A).
  public var sqlState: String?
  /// The query that failed.
  public var queryName: String?
  /// The constraint that refused.
  public var constraint: String?
  /// The connection was lost while the server had the statement: nobody knows what became of it.
  var wasInFlight = false

  public init(
    _ code: Code, _ message: String, sqlState: String? = nil, queryName: String? = nil, constraint: String? = nil
  ) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.queryName = queryName
    self.constraint = constraint
  }

  public var description: String {
    var text = "\(code)"
    if let queryName { text += " in \(queryName)" }
    if let sqlState { text += " [\(sqlState)]" }
    text += ": \(message)"
    if let constraint { text += " (constraint \(constraint))" }
    return text
  }

  func named(_ queryName: String) -> PostgresError {
    var error = self
    if error.queryName == nil { error.queryName = queryName }
    return error
  }
}

extension PostgresError.Code {
  /// Maps a SQLSTATE (PostgreSQL 16 manual, appendix A).
  init(sqlState: String) {
    switch sqlState {
    case "40001", "40P01": self = .serialization
    case "23505", "23P01": self = .conflict
    case "57014": self = .cancelled
    case "57P01", "57P02", "57P03", "57P05", "53300": self = .unavailable
    case "25P03", "25P04", "55P03": self = .timedOut
    case "42501": self = .denied
    case "3D000": self = .configuration
    default:
      switch sqlState.prefix(2) {
      case "08": self = .unavailable
      case "22": self = .invalidValue
      case "23": self = .constraint
      case "28": self = .denied
      case "42", "0A", "26": self = .syntax
      default: self = .server
      }
    }
  }
}
