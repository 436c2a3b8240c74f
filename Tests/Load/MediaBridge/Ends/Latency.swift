import Core
import Synchronization

/// Times of audio, by the send time that rides in its first eight bytes, and of callbacks.
final class Latency: Sendable {
  private struct State {
    /// Microseconds.
    var up: [Int32] = []
    var round: [Int32] = []
    var callbacks: [Int32] = []
  }

  private let state = Mutex(State())
  private let start = ContinuousClock.now

  /// 160 bytes of µ-law that say when they were sent.
  func frame() -> [UInt8] {
    let now = UInt64(start.duration(to: .now).microseconds)
    return withUnsafeBytes(of: now.littleEndian) { Array($0) } + [UInt8](repeating: 0xFF, count: 152)
  }

  /// - Parameter isBack: The audio went there and back.
  func arrived(_ base64: ArraySlice<UInt8>, isBack: Bool) {
    guard let bytes = Base64.decode(Array(base64.prefix(12))), bytes.count >= 8 else { return }
    let sent = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let took = Int32(clamping: start.duration(to: .now).microseconds - Int64(sent))
    state.withLock { state in
      if isBack { state.round.append(took) } else { state.up.append(took) }
    }
  }

  /// A callback was answered.
  func acknowledged(_ took: Duration) {
    state.withLock { $0.callbacks.append(Int32(clamping: took.microseconds)) }
  }

  func reset() { state.withLock { $0 = State() } }

  var up: String { Self.summary(state.withLock { $0.up }) }
  var callbacks: String { Self.summary(state.withLock { $0.callbacks }) }
  var round: String { Self.summary(state.withLock { $0.round }) }

  /// p50 / p99 in milliseconds.
  private static func summary(_ values: [Int32]) -> String {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return "none" }
    func at(_ share: Double) -> Double { rounded(Double(sorted[Int(Double(sorted.count - 1) * share)]) / 1_000) }
    return "\(at(0.5)) / \(at(0.99)) (\(sorted.count))"
  }
}
