/// Something that happens once, and those who wait for it.
public final class Signal: Sendable {
  private let gate = Gate()

  public init() {}

  public var hasFired: Bool { gate.isClosed }

  public func fire() {
    gate.close()
  }

  /// Returns when the signal has fired or the task is cancelled.
  public func wait() async {
    await gate.wait()
  }
}
