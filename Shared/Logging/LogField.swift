import Core

/// One datum of a log line. The message is fixed text; whatever varies goes here.
public struct LogField: Sendable {
  enum Value: Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
  }

  let key: String
  let value: Value

  private init(key: String, value: Value) {
    self.key = key
    self.value = value
  }

  public init(_ key: String, _ value: String) { self.init(key: key, value: .string(value)) }
  public init(_ key: String, _ value: Int) { self.init(key: key, value: .integer(Int64(value))) }
  public init(_ key: String, _ value: Int32) { self.init(key: key, value: .integer(Int64(value))) }
  public init(_ key: String, _ value: Int64) { self.init(key: key, value: .integer(value)) }
  public init(_ key: String, _ value: Double) { self.init(key: key, value: .number(value)) }
  public init(_ key: String, _ value: Bool) { self.init(key: key, value: .bool(value)) }

  /// In seconds, as a number.
  public init(_ key: String, _ value: Duration) { self.init(key: key, value: .number(value.inSeconds)) }

  public init(_ key: String, _ value: Instant) { self.init(key: key, value: .string(value.rfc3339)) }

  public init(_ key: String, _ value: some CustomStringConvertible) {
    self.init(key: key, value: .string(value.description))
  }

  /// The error's description. Errors of this project never carry phone numbers or speech in it.
  public init(_ key: String, _ value: any Error) { self.init(key: key, value: .string("\(value)")) }

  /// The error under the key "error".
  public static func error(_ error: any Error) -> LogField { LogField("error", error) }

  /// A phone number with its middle hidden: `+6149*****57`.
  public static func phone(_ key: String, _ number: String) -> LogField {
    LogField(key, masked(number))
  }

  /// That there is a secret, and nothing of it.
  public static func secret(_ key: String) -> LogField { LogField(key, "<redacted>") }

  /// Keeps the first five and the last two characters when at least as many are hidden between; else only the last two.
  static func masked(_ number: String) -> String {
    let characters = Array(number)
    let tail = 2
    let head = characters.count >= 10 ? 5 : 0
    guard characters.count > tail else { return String(repeating: "*", count: characters.count) }
    let hidden = String(repeating: "*", count: characters.count - head - tail)
    return String(characters[..<head]) + hidden + String(characters[(characters.count - tail)...])
  }
}
