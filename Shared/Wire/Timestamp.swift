public import Core

/// `google.protobuf.Timestamp`: a point in time, in UTC.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Since 1970.
  public var seconds: Int64
  /// 0 to 999,999,999, counted forward also before 1970.
  public var nanos: Int32

  public init(seconds: Int64 = 0, nanos: Int32 = 0) {
    self.seconds = seconds
    self.nanos = nanos
  }

  public init(_ instant: Instant) {
    let (seconds, microseconds) = instant.microsecondsSince1970.dividedFlooring(by: 1_000_000)
    self.init(seconds: seconds, nanos: Int32(microseconds) * 1000)
  }

  /// To the microsecond, rounded down. What lies outside the years 1 to 9999 becomes the nearest end.
  public var instant: Instant {
    let checked = clamped
    return Instant(microsecondsSince1970: checked.seconds * 1_000_000 + Int64(checked.nanos / 1000))
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanos) < (right.seconds, right.nanos)
  }

  /// The bounds that timestamp.proto states: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
  static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
  static let nanosRange: ClosedRange<Int32> = 0...999_999_999

  /// The nearest valid timestamp.
  var clamped: Timestamp {
    if seconds < Self.secondsRange.lowerBound { return Timestamp(seconds: Self.secondsRange.lowerBound) }
    if seconds > Self.secondsRange.upperBound {
      return Timestamp(seconds: Self.secondsRange.upperBound, nanos: Self.nanosRange.upperBound)
    }
    return Timestamp(seconds: seconds, nanos: min(max(nanos, 0), Self.nanosRange.upperBound))
  }
}

extension Instant {
  public init(_ timestamp: Timestamp) {
    self = timestamp.instant
  }
}

extension BinaryInteger {
  /// Quotient and remainder, the remainder never negative.
  func dividedFlooring(by divisor: Self) -> (quotient: Self, remainder: Self) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
