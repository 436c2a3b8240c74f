/// `google.protobuf.Duration`: a span of time, signed.
public struct ProtobufDuration: Hashable, Sendable {
  public var seconds: Int64
  /// -999,999,999 to 999,999,999, of the same sign as the seconds.
  public var nanos: Int32

  public init(seconds: Int64 = 0, nanos: Int32 = 0) {
    self.seconds = seconds
    self.nanos = nanos
  }

  /// To the nanosecond, rounded towards zero. Beyond about 10,000 years it becomes the nearest end.
  public init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = ProtobufDuration(seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000)).clamped
  }

  /// Beyond about 10,000 years it becomes the nearest end.
  public var duration: Duration {
    let checked = clamped
    return .seconds(checked.seconds) + .nanoseconds(Int64(checked.nanos))
  }

  /// The bounds that duration.proto states: 315,576,000,000 seconds either way.
  static let secondsRange: ClosedRange<Int64> = -315_576_000_000...315_576_000_000
  static let nanosRange: ClosedRange<Int32> = -999_999_999...999_999_999

  var clamped: ProtobufDuration {
    if seconds <= Self.secondsRange.lowerBound { return ProtobufDuration(seconds: Self.secondsRange.lowerBound) }
    if seconds >= Self.secondsRange.upperBound { return ProtobufDuration(seconds: Self.secondsRange.upperBound) }
    let nanos = min(max(nanos, Self.nanosRange.lowerBound), Self.nanosRange.upperBound)
    return ProtobufDuration(seconds: seconds, nanos: nanos)
  }
}

extension Duration {
  public init(_ duration: ProtobufDuration) {
    self = duration.duration
  }
}
