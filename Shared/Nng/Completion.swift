import Synchronization

/// Takes one completion from nng. Owns no handle, so its last release may happen on an nng thread.
final class Completion: Sendable {
  private let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)

  func arm(_ continuation: CheckedContinuation<Void, Never>) {
    waiting.withLock { slot in
      precondition(slot == nil, "one operation at a time")
      slot = continuation
    }
  }

  func fire() {
    let continuation = waiting.withLock { slot in
      defer { slot = nil }
      return slot
    }
    continuation?.resume()
  }
}
