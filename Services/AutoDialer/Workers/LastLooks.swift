import Core
import Lifecycle
import Logging
import Synchronization

/// Looks at the do-not-call lists once more, just before the bridge is asked for a call: what was committed by then
/// counts, however long ago the call was permitted. All that were asked while the last statement ran go into the next
/// one.
final class LastLooks: LifecycleService {
  private struct Request: Sendable {
    var dial: DialStore.IntendedDial
    var continuation: CheckedContinuation<DoNotCallEntry?, any Error>
  }

  /// Nobody looks any more: the process ends. The attempt is looked at by whoever is next.
  struct Ended: Error {}

  let name = "last-looks"
  private let store: DialStore
  private let waiting = BoundedQueue<Request>(capacity: 10_000)
  /// Closed when everybody was answered.
  private let ended = BoundedQueue<Never>(capacity: 1)

  private static let batch = 500

  init(store: DialStore) {
    self.store = store
  }

  /// What forbids the call now; nil when nothing does.
  ///
  /// - Throws: when nobody can say. The call must not be asked for then.
  func look(_ dial: DialStore.IntendedDial) async throws -> DoNotCallEntry? {
    try await withCheckedThrowingContinuation { continuation in
      if !waiting.offer(Request(dial: dial, continuation: continuation)) {
        continuation.resume(throwing: Ended())
      }
    }
  }

  func run() async throws {
    defer {
      waiting.close()
      while let left = waiting.poll() { left.continuation.resume(throwing: Ended()) }
      ended.close()
    }
    while let first = try await waiting.next() {
      var requests = [first]
      while requests.count < Self.batch, let next = waiting.poll() { requests.append(next) }
      do {
        let entries = try await store.lastLook(requests.map(\.dial))
        for (request, entry) in zip(requests, entries) { request.continuation.resume(returning: entry) }
      } catch {
        for request in requests { request.continuation.resume(throwing: error) }
      }
    }
  }

  func drain() async {
    waiting.close()
    _ = try? await ended.next()
  }
}
