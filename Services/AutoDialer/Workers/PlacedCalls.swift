import Core
import Lifecycle
import Logging
import Metrics
import Synchronization

/// Writes down which calls the bridge has. It is no hurry, since their rows already say when they are looked at: all that
/// were reported within a moment share a commit.
final class PlacedCalls: LifecycleService {
  let name = "placed-calls"
  private let store: DialStore
  private let logger: Logger
  private let count: Counter
  private let waiting = BoundedQueue<DialStore.PlacedCall>(capacity: 10_000)
  private let draining = Mutex(false)
  /// Closed when everything is written.
  private let ended = BoundedQueue<Never>(capacity: 1)

  private static let batch = 500
  /// Between the beginnings of two statements.
  private static let pace = Duration.milliseconds(50)

  init(store: DialStore, logger: Logger, count: Counter) {
    self.store = store
    self.logger = logger
    self.count = count
  }

  /// - Throws: `QueueClosed` at the end of the process; the attempt is then looked up by whoever is next.
  func add(_ call: DialStore.PlacedCall) async throws { try await waiting.put(call) }

  func run() async throws {
    defer { ended.close() }
    while let first = try await waiting.next() {
      let began = ContinuousClock.now
      try await write(from: first)
      if waiting.count < Self.batch, !draining.withLock({ $0 }) {
        try await Task.sleep(until: began + Self.pace, clock: .continuous)
      }
    }
  }

  /// What waits, written down as far as one statement goes.
  func writeWaiting() async throws {
    if let first = waiting.poll() { try await write(from: first) }
  }

  private func write(from first: DialStore.PlacedCall) async throws {
    var calls = [first]
    while calls.count < Self.batch, let next = waiting.poll() { calls.append(next) }
    do {
      try await store.markPlaced(calls)
      count.increment(by: Double(calls.count))
    } catch let error where !(error is CancellationError) {
      // Their rows already say when they are looked at next.
      logger.warning("placed calls could not be stored", [LogField("calls", calls.count), .error(error)])
    }
  }

  func drain() async {
    draining.withLock { $0 = true }
    waiting.close()
    _ = try? await ended.next()
  }
}
