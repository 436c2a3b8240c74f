/// The wall clock, or a faster one derived from it: `businessOrigin + (real - realOrigin) × scale`.
///
/// Every process that is given the same three numbers agrees on business time, since all read `CLOCK_REALTIME`.
public struct ScaledClock: BusinessClock {
  /// Business seconds per real second. 1 is real time.
  public let scale: Double
  private let businessOrigin: Instant
  private let realOrigin: Instant

  /// A sleeper looks at the clock at least this often, so that a step of the system's clock cannot delay it by more.
  private static let longestNap = Duration.seconds(30)

  /// Real time.
  public init() {
    let epoch = Instant(microsecondsSince1970: 0)
    self.init(scale: 1, businessOrigin: epoch, realOrigin: epoch)
  }

  /// - Parameters:
  ///   - scale: Greater than zero and finite.
  ///   - businessOrigin: What this clock reads when the wall clock reads `realOrigin`.
  public init(scale: Double, businessOrigin: Instant, realOrigin: Instant) {
    precondition(scale > 0 && scale.isFinite, "a clock runs forward")
    self.scale = scale
    self.businessOrigin = businessOrigin
    self.realOrigin = realOrigin
  }

  public func now() -> Instant {
    business(atReal: .wallClock())
  }

  /// What this clock reads when the wall clock reads `real`.
  public func business(atReal real: Instant) -> Instant {
    let elapsed = realOrigin.duration(to: real)
    guard scale != 1 else { return businessOrigin + elapsed }
    return businessOrigin + .microseconds(Int64(clamping: Double(elapsed.microseconds) * scale))
  }

  public func realDuration(of business: Duration) -> Duration {
    guard scale != 1 else { return business }
    return .microseconds(Int64(clamping: (Double(business.microseconds) / scale).rounded(.up)))
  }

  public func sleep(until deadline: Instant) async throws {
    try Task.checkCancellation()
    while true {
      let remaining = now().duration(to: deadline)
      guard remaining > .zero else { return }
      let nap = max(.microseconds(1), realDuration(of: remaining))
      try await Task.sleep(for: min(nap, ScaledClock.longestNap), tolerance: .zero)
    }
  }
}

extension Int64 {
  /// The nearest representable value; zero for NaN.
  init(clamping value: Double) {
    if value.isNaN {
      self = 0
    } else if value >= 0x1p63 {
      self = .max
    } else if value <= -0x1p63 {
      self = .min
    } else {
      self = Int64(value)
    }
  }
}
