import Core
import Lifecycle
import Synchronization

/// Something that is moved on by the pacer while it has something to do.
protocol Paced: AnyObject, Sendable {
  /// Returns whether it wants to be called again.
  func pace(audioTime: Duration, now: Instant) -> Bool
}

/// The one timer of all calls: a few thousand frames a tick cost less than one sleeping task each.
///
/// Ticks come every 5 ms of business time, or every 4 ms of the wall clock when business time runs so fast that this is
/// longer; each call gets the frames that became due. Without calls nothing ticks.
final class Pacer: LifecycleService {
  let name = "pacer"

  private struct State {
    var members: [any Paced] = []
    var audio: AudioClock
    var isIdle = true
    var waiter: CheckedContinuation<Void, Never>?
  }

  private static let shortestTick = Duration.milliseconds(5)
  private static let shortestRealTick = Duration.milliseconds(4)
  /// A late tick makes up for this much at most.
  private static let shortestCatchUp = Duration.milliseconds(40)

  private let clock: any BusinessClock
  private let latency: RelayLatency
  /// Business seconds in one of the wall clock.
  private let scale: Double
  private let tick: Duration
  private let state: Mutex<State>

  init(clock: any BusinessClock, latency: RelayLatency) {
    self.clock = clock
    self.latency = latency
    scale = 1 / max(1e-9, clock.realDuration(of: .seconds(1)).inSeconds)
    tick = max(Pacer.shortestTick, .microseconds(Int64(Double(Pacer.shortestRealTick.microseconds) * scale)))
    state = Mutex(State(audio: AudioClock(start: clock.now(), longestStep: max(Pacer.shortestCatchUp, tick * 2))))
  }

  /// Audio time now.
  var audioTime: Duration { state.withLock { $0.audio.elapsed } }

  /// Calls `member` at every tick until it says that it is done.
  func add(_ member: any Paced) {
    let waiter = state.withLock { state in
      state.members.append(member)
      return state.waiter.take()
    }
    waiter?.resume()
  }

  func run() async throws {
    while true {
      try Task.checkCancellation()
      if moveOn() {
        try await clock.sleep(for: tick)
      } else {
        await waitForMembers()
      }
    }
  }

  /// Moves every member on; false when there are none.
  func moveOn() -> Bool {
    let now = clock.now()
    let delay = latency.average * scale
    let (members, audioTime) = state.withLock { state in
      // What passed while nobody listened is not made up for.
      if state.isIdle { state.audio.skip(to: now) }
      state.audio.advance(to: now, delay: delay)
      state.isIdle = state.members.isEmpty
      return (state.members, state.audio.elapsed)
    }
    guard !members.isEmpty else { return false }
    let done = members.indices.filter { !members[$0].pace(audioTime: audioTime, now: now) }
    if !done.isEmpty {
      // Members are only ever added behind these, so the places are still right.
      state.withLock { state in
        for index in done.reversed() { state.members.remove(at: index) }
      }
    }
    return true
  }

  private func waitForMembers() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasMembers = state.withLock { state in
          guard state.members.isEmpty, !Task.isCancelled else { return true }
          state.waiter = continuation
          return false
        }
        if hasMembers { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiter.take() }?.resume()
    }
  }
}
