/// One stretch of one weekday in which a campaign calls, on the lead's clock.
public struct CallWindow: Hashable, Sendable {
  /// ISO 8601: 1 is Monday, 7 is Sunday.
  public var weekday: Int
  /// Minutes after local midnight, 0 to 1,439; the window opens here.
  public var startMinute: Int
  /// Minutes after local midnight, 1 to 1,440; the window is shut from here on.
  public var endMinute: Int

  /// Takes any numbers: `CallWindows` checks them, and tells which field is wrong.
  public init(weekday: Int, startMinute: Int, endMinute: Int) {
    self.weekday = weekday
    self.startMinute = startMinute
    self.endMinute = endMinute
  }
}

/// What is wrong with a list of call windows.
public struct CallWindowError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Path of the field, such as "windows[2].end_minute".
  public let field: String
  /// What is wrong with it and what would be right, for people.
  public let message: String
  public var description: String { "\(field): \(message)" }
}
