import Core
import Dispatch
import Synchronization

/// Timers for a shutdown that do not depend on Swift's thread pool, which may be what hangs.
final class Watchdog: Sendable {
  private enum State { case armed, aborted, disarmed }

  private let queue = DispatchQueue(label: "ringmaster.watchdog")
  private let state = Mutex(State.armed)
  private let onAbort: @Sendable () -> Void

  init(onAbort: @escaping @Sendable () -> Void) {
    self.onAbort = onAbort
  }

  /// Runs `action` after that long, unless disarmed before.
  func after(_ delay: Duration, _ action: @escaping @Sendable () -> Void) {
    queue.asyncAfter(deadline: .now() + .microseconds(Int(delay.microseconds))) { [weak self] in
      guard let self, self.state.withLock({ $0 == .armed }) else { return }
      action()
    }
  }

  /// Aborts after that long, unless disarmed before. The earliest of several counts.
  func abort(after delay: Duration) {
    after(delay) { [weak self] in
      guard let self else { return }
      self.state.withLock { $0 = .aborted }
      self.onAbort()
    }
  }

  func disarm() {
    state.withLock { $0 = .disarmed }
  }
}
