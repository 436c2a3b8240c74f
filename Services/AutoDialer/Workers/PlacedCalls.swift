import Core
import Lifecycle
import Logging
import Metrics

/// Writes down which calls the bridge has: all that were reported while the last statement ran go into the next one, so
/// that a commit is shared by many when there are many.
final class PlacedCalls: LifecycleService {
  let name = "placed-calls"
  private let store: DialStore
  private let logger: Logger
  private let count: Counter
  private let waiting = BoundedQueue<DialStore.PlacedCall>(capacity: 10_000)
  /// Closed when everything is written.
  private let ended = BoundedQueue<Never>(capacity: 1)

  private static let batch = 500

  init(store: DialStore, logger: Logger, count: Counter) {
    self.store = store
    self.logger = logger
    self.count = count
  }

  /// - Throws: `QueueClosed` at the end of the process; the attempt is then looked up by whoever is next.
  func add(_ call: DialStore.PlacedCall) async throws { try await waiting.put(call) }

  func run() async throws {
    defer { ended.close() }
    while let first = try await waiting.next() { try await write(from: first) }
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
    waiting.close()
    _ = try? await ended.next()
  }
}
