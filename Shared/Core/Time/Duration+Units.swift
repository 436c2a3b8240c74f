extension Duration {
  /// Whole microseconds, towards zero; saturates at the limits of `Int64`.
  public var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    return micros.addingSaturated(attoseconds / 1_000_000_000_000)
  }

  /// Seconds with their fraction.
  public var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }

  public static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }

  public static func hours(_ count: Int) -> Duration { .seconds(count * 3_600) }

  /// Days of 24 hours; calendar days are a matter of time zones.
  public static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}
