/// A stretch of a local day in minutes after midnight: `start` belongs to it, `end` does not.
public struct MinuteRange: Hashable, Sendable, CustomStringConvertible {
  public let start: Int
  public let end: Int

  /// Nil unless 0 ≤ start < end ≤ 1,440. A range never crosses midnight.
  public init?(start: Int, end: Int) {
    guard start >= 0, start < end, end <= 1_440 else { return nil }
    self.start = start
    self.end = end
  }

  /// "09:00–17:00".
  public var description: String { "\(Self.clock(start))–\(Self.clock(end))" }

  /// "09:00" for 540.
  static func clock(_ minute: Int) -> String {
    let hours = minute / 60
    let minutes = minute % 60
    return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
  }

  func contains(_ minute: Int) -> Bool { start <= minute && minute < end }

  func intersection(_ other: MinuteRange) -> MinuteRange? {
    MinuteRange(start: max(start, other.start), end: min(end, other.end))
  }

  /// What is left of this range when the other is taken out: none, one or two ranges.
  func subtracting(_ other: MinuteRange) -> [MinuteRange] {
    [
      MinuteRange(start: start, end: min(end, other.start)),
      MinuteRange(start: max(start, other.end), end: end),
    ].compactMap(\.self)
  }
}
