import Nng
import Synchronization

/// The one timer of a server, armed for the earliest deadline among its calls.
final class ServerSweeper: Sendable {
  private struct State {
    var timer: OneShotTimer?
    var fires = MonotonicTime.never
  }

  private let state = Mutex(State())

  /// Before the first call arrives.
  func start(_ sweep: @escaping @Sendable () -> Void) throws(NngError) {
    let timer = try OneShotTimer()
    timer.onFire(sweep)
    state.withLock { $0.timer = timer }
  }

  /// Sees to it that a sweep begins by `due`.
  func ensure(firesBy due: UInt64) {
    guard due != MonotonicTime.never else { return }
    let now = MonotonicTime.now()
    state.withLock { state in
      guard let timer = state.timer, due < state.fires else { return }
      let isArmed = state.fires != MonotonicTime.never
      state.fires = due
      // Neither runs the callback here, so the lock may be held; it keeps arming and hastening in order.
      if isArmed {
        timer.cancel()
      } else {
        timer.arm(after: MonotonicTime.duration(from: now, to: due))
      }
    }
  }

  /// The timer has fired.
  func began() {
    state.withLock { $0.fires = MonotonicTime.never }
  }
}
