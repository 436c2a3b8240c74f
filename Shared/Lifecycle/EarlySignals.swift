import Glibc
import Synchronization

/// Keeps signals that come before anybody listens for them.
///
/// A process that was told to stop while it reads its settings would otherwise die of the signal, and whoever started it
/// would take that for a crash. `SignalSource` delivers what was kept when it takes over.
public enum EarlySignals {
  /// One bit for each signal that came.
  private static let arrived = Atomic<UInt64>(0)

  /// From now on none of `signals` ends the process. To be called first thing in `main`, before there are threads.
  public static func keep(_ signals: [Int32]) {
    _ = arrived.load(ordering: .relaxed)  // Made now: the handler must not be the first to touch it.
    for number in signals { signal(number, noteSignal) }
  }

  /// Whether the signal came since this was last asked.
  static func take(_ number: Int32) -> Bool {
    let bit = UInt64(1) << UInt64(number)
    return arrived.bitwiseAnd(~bit, ordering: .relaxed).oldValue & bit != 0
  }

  fileprivate static func note(_ number: Int32) {
    arrived.bitwiseOr(UInt64(1) << UInt64(number), ordering: .relaxed)
  }
}

/// Runs between any two instructions of the program: it may only store.
private func noteSignal(_ number: Int32) {
  EarlySignals.note(number)
}
