import Core
import Metrics
import Synchronization

/// How long a person's audio takes from the network to the voice engine, measured on the words themselves: each is seen
/// when its first frame leaves here, and again when an engine session of this process reads that frame.
///
/// What lies between is the system under test, so this is what it adds. The pacer slows audio time down when it is
/// too much. With a voice engine elsewhere nothing arrives, and nothing is slowed.
final class RelayLatency: Sendable {
  private struct State {
    var leftAt: [UInt64: ContinuousClock.Instant] = [:]
    /// Moving average, in seconds of the wall clock.
    var average = 0.0
  }

  /// Words on the way; with more, those that were lost are forgotten.
  private static let limit = 16_384
  /// Longer is not slowness of the machine, which the pacer could make up for: whoever carries the audio stood still.
  private static let longest = Duration.seconds(1)
  /// Weight of a new measurement.
  private static let weight = 0.05

  private let state = Mutex(State())
  private let histogram: Histogram.Series

  init(_ metrics: MetricsRegistry) {
    histogram =
      metrics.histogram(
        "phone_network_relay_seconds", "From a person's voice leaving the network to the voice engine hearing it",
        buckets: [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
      ).series()
  }

  /// Wall-clock time that audio takes now.
  var average: Duration { state.withLock { .seconds($0.average) } }

  /// - Parameter word: `SpeechFrame.startedWord`.
  func left(_ word: UInt64) {
    let now = ContinuousClock.now
    state.withLock { state in
      if state.leftAt.count >= RelayLatency.limit { state.leftAt.removeAll(keepingCapacity: true) }
      state.leftAt[word] = now
    }
  }

  func arrived(_ word: UInt64, at now: ContinuousClock.Instant = .now) {
    let seconds = state.withLock { state -> Double? in
      guard let left = state.leftAt.removeValue(forKey: word) else { return nil }
      let seconds = left.duration(to: now).inSeconds
      if seconds <= RelayLatency.longest.inSeconds {
        state.average += (seconds - state.average) * RelayLatency.weight
      }
      return seconds
    }
    if let seconds { histogram.observe(seconds) }
  }
}
