internal import CNng
import Dispatch

/// Where nng handles die. Freeing waits for callbacks, so it must happen neither on nng's threads (it would wait for
/// itself) nor on the cooperative pool (which must not block). The last reference to an owner may go on either.
enum Reaper {
  private static let queue = DispatchQueue(label: "ringmaster.nng.reaper", attributes: .concurrent)

  /// Runs `work` soon on a thread that may wait.
  static func later(_ work: @escaping @Sendable () -> Void) {
    queue.async(execute: work)
  }

  /// Runs `work` on a thread that may wait, and returns when it is done.
  static func run(_ work: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      queue.async {
        work()
        continuation.resume()
      }
    }
  }
}

/// Carries a C handle to the thread that frees it. Safe because the sender gives the handle up.
struct Surrendered: @unchecked Sendable {
  let handle: OpaquePointer
}
